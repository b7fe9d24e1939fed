import { inspect } from 'node:util';
import { documentationPath, type ErrorCode, errorTable } from '@alter-ai/core-contract';
import { describe, expect, it } from 'vitest';
import * as sdk from '../src/index.js';
import { useTestBed } from './servers/test-bed.js';
import { grantId, tokenAnswer } from './servers/vault-server.js';

const bed = useTestBed();
const call = (options: sdk.RequestOptions = { grantId }) =>
  bed.makeApp().request('GET', `${bed.provider.url}/v1`, options);

type ErrorClass = new (...args: never[]) => sdk.AlterSDKError;

async function provoke<Class extends ErrorClass>(
  promise: Promise<unknown>,
  expected: Class,
): Promise<InstanceType<Class>> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(expected);
  expect((error as Error).constructor).toBe(expected);
  return error as InstanceType<Class>;
}

const answered: [number, string, ErrorClass, ErrorClass][] = [
  [403, 'grant_expired', sdk.GrantExpiredError, sdk.ReAuthRequiredError],
  [403, 'grant_revoked', sdk.GrantRevokedError, sdk.ReAuthRequiredError],
  [400, 'grant_revoked', sdk.GrantRevokedError, sdk.ReAuthRequiredError],
  [403, 'credential_revoked', sdk.CredentialRevokedError, sdk.ReAuthRequiredError],
  [502, 'credential_revoked', sdk.CredentialRevokedError, sdk.BackendError],
  [401, 'jwt_validation_error', sdk.ReAuthRequiredError, sdk.BackendError],
  [404, 'grant_not_found', sdk.GrantNotFoundError, sdk.BackendError],
  [410, 'grant_deleted', sdk.GrantDeletedError, sdk.ReAuthRequiredError],
  [403, 'time_window', sdk.PolicyViolationError, sdk.BackendError],
  [403, 'ip_allowlist', sdk.PolicyViolationError, sdk.BackendError],
  [403, 'mint_source_has_grant_rules', sdk.PolicyViolationError, sdk.BackendError],
  [403, 'insufficient_scope', sdk.InsufficientScopeError, sdk.BackendError],
  [401, 'invalid_key', sdk.InvalidKeyError, sdk.BackendError],
  [401, 'key_expired', sdk.KeyExpiredError, sdk.BackendError],
  [401, 'key_revoked', sdk.KeyRevokedError, sdk.BackendError],
  [422, 'blocked_destination', sdk.BlockedDestinationError, sdk.BackendError],
  [429, 'rate_limit_exceeded', sdk.RateLimitError, sdk.BackendError],
  [403, 'scope_mismatch', sdk.ScopeReauthRequiredError, sdk.ProviderAPIError],
  [409, 'secret_not_found', sdk.BackendError, sdk.AlterSDKError],
  [404, 'secret_not_found', sdk.ConnectConfigError, sdk.ConnectFlowError],
  [404, 'not_found', sdk.BackendError, sdk.AlterSDKError],
  [409, 'provider_not_configured', sdk.BackendError, sdk.AlterSDKError],
  [503, 'provider_configuration_unavailable', sdk.BackendError, sdk.AlterSDKError],
  [500, 'internal_error', sdk.BackendError, sdk.AlterSDKError],
  [401, 'invalid_signature', sdk.BackendError, sdk.AlterSDKError],
];

describe('errors that the vault answers', () => {
  it.each(answered)('S14: %i %s', async (status, code, expected, parent) => {
    const body = { error: code, message: `about ${code}`, request_id: 'req-1' };
    bed.vault.answerJson('retrieveToken', [status, body]);
    const error = await provoke(call(), expected);
    expect(error).toBeInstanceOf(parent);
    expect(error).toBeInstanceOf(sdk.AlterSDKError);
    expect(error).toMatchObject({ message: `about ${code}`, code, requestId: 'req-1' });
    expect(error.details.status_code).toBe(status);
    const known = errorTable[code as ErrorCode];
    expect(error.retryable).toBe(known?.retryable ?? false);
    if (known) {
      expect(error.documentationUrl).toBe(`${bed.vault.url}${documentationPath(code as ErrorCode)}`);
    }
    expect(bed.provider.arrived).toEqual([]);
  });

  it('S14: fields of the body win over the defaults of the table', async () => {
    const body = {
      error: 'time_window',
      message: 'closed',
      retryable: true,
      documentation_url: 'https://docs.test/x',
      retry_at: '2027-01-04T08:00:00Z',
      rule_id: 'office-hours',
    };
    bed.vault.answerJson('retrieveToken', [403, body]);
    const error = await provoke(call(), sdk.PolicyViolationError);
    expect(error).toMatchObject({
      policyError: 'time_window',
      retryAt: '2027-01-04T08:00:00Z',
      retryable: true,
      documentationUrl: 'https://docs.test/x',
    });
    expect(error.details).toMatchObject({ rule_id: 'office-hours', status_code: 403 });
  });

  it('S6: AmbiguousGrantError names identifiers, ids and candidates', async () => {
    bed.vault.answerJson('retrieveToken', [
      409,
      {
        error: 'ambiguous_grant',
        message: 'two',
        provider_id: 'acme',
        account_identifiers: ['a@x.test', 'b@x.test'],
        grant_ids: ['g1', 'g2'],
        candidates: [{ grant_id: 'g1', account_identifier: 'a@x.test', label: null }, { odd: true }],
      },
    ]);
    const error = await provoke(call({ provider: 'acme' }), sdk.AmbiguousGrantError);
    expect(error.accountIdentifiers).toEqual(['a@x.test', 'b@x.test']);
    expect(error.grantIds).toEqual(['g1', 'g2']);
    expect(error.candidates).toMatchObject([{ grantId: 'g1', accountIdentifier: 'a@x.test' }]);
    expect(error.providerId).toBe('acme');
  });

  it('S14: an error about a grant names it, from the body or from the call', async () => {
    bed.vault.answerJson('retrieveToken', [404, { error: 'grant_not_found', message: 'none' }]);
    expect(await provoke(call({ provider: 'acme' }), sdk.GrantNotFoundError)).toMatchObject({
      providerId: 'acme',
      grantId: undefined,
    });
    bed.vault.answerJson('retrieveToken', [
      403,
      {
        error: 'scope_mismatch',
        message: 'more',
        details: { grant_id: 'g', provider_id: 'p', missing_scopes: ['w'] },
      },
    ]);
    const error = await provoke(call(), sdk.ScopeReauthRequiredError);
    expect(error).toMatchObject({ grantId: 'g', providerId: 'p', missingScopes: ['w'], statusCode: 403 });
    expect(error.details.source).toBe('backend_flag');
  });

  it('S14: InsufficientScopeError and InvalidKeyError carry what is missing and the hint', async () => {
    bed.vault.answerJson('retrieveToken', [
      403,
      { error: 'insufficient_scope', message: 'm', required: ['a', 'b'], granted: ['a'], missing: ['b'] },
    ]);
    expect(await provoke(call(), sdk.InsufficientScopeError)).toMatchObject({
      required: ['a', 'b'],
      granted: ['a'],
      missing: ['b'],
    });
    bed.vault.answerJson('retrieveToken', [401, { error: 'invalid_key', message: 'm', hint: 'rotate' }]);
    expect(await provoke(call(), sdk.InvalidKeyError)).toMatchObject({ hint: 'rotate' });
  });

  it('S14: the envelope may stand below `detail`; other answers keep nothing of their body', async () => {
    bed.vault.answerJson('retrieveToken', [403, { detail: { error: 'grant_expired', message: 'over' } }]);
    await provoke(call(), sdk.GrantExpiredError);
    bed.vault.answer('retrieveToken', (_, response) => response.writeHead(404).end('<html>hidden</html>'));
    const error = await provoke(call(), sdk.BackendError);
    expect(inspect(error)).not.toContain('hidden');
    bed.vault.answer('retrieveToken', (_, response) => response.writeHead(429).end('slow down'));
    await provoke(call(), sdk.RateLimitError);
  });

  it.each([
    ['no JSON', (text: string) => text.slice(1)],
    ['no token', (text: string) => text.replace('"access_token"', '"other"')],
    ['a token with a line feed', (text: string) => text.replace('tok_', 'tok_\\n')],
    ['a forbidden header', (text: string) => text.replace('"Authorization"', '"Host"')],
    ['a format without place', (text: string) => text.replace('Bearer {token}', 'AWS4-HMAC-SHA256')],
  ])('T3: a token answer with %s is refused and the provider not called', async (_name, spoil) => {
    const text = spoil(JSON.stringify(tokenAnswer([bed.provider.host])));
    bed.vault.answer('retrieveToken', (_, response) => response.writeHead(200).end(text));
    const error = await provoke(call(), sdk.BackendError);
    expect(error.code).toBe('malformed_answer');
    expect(inspect(error)).not.toContain('tok_');
    expect(bed.provider.arrived).toEqual([]);
  });

  it('a redirect of the vault is no answer', async () => {
    bed.vault.answer('retrieveToken', (_, response) =>
      response.writeHead(307, { location: bed.provider.url }).end(),
    );
    expect((await provoke(call(), sdk.BackendError)).code).toBe('malformed_answer');
    expect(bed.provider.arrived).toEqual([]);
  });
});

describe('E5: the host rule', () => {
  it('E5: no credential leaves to a host that is not allowed', async () => {
    for (const hosts of [
      [],
      ['127.0.0.1'],
      ['*.0.0.1:1'],
      [`localhost:${bed.provider.host.split(':')[1]}`],
    ]) {
      bed.vault.answerJson('retrieveToken', [200, tokenAnswer(hosts)]);
      await provoke(call(), sdk.BlockedDestinationError);
    }
    expect(bed.provider.arrived).toEqual([]);
  });

  it('E5: a server that does not tell its hosts is trusted to have decided', async () => {
    bed.vault.answerJson('retrieveToken', [200, tokenAnswer([], { allowed_hosts: undefined })]);
    expect((await call()).status).toBe(200);
  });
});
