import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import {
  NetworkError,
  ProviderAPIError,
  ProviderUnauthorizedError,
  ScopeReauthRequiredError,
  TimeoutError,
} from '../src/index.js';
import { startRecordingServer } from './servers/recording-server.js';
import { useTestBed } from './servers/test-bed.js';
import { grantId, secretToken, tokenAnswer, tokenGeneration } from './servers/vault-server.js';

const bed = useTestBed();

describe('what the provider answers', () => {
  it('S14: ProviderAPIError carries status and body, and the outcome is recorded', async () => {
    const app = bed.makeApp();
    bed.provide((_, response) => response.writeHead(422, { 'retry-after': '7' }).end('{"why":"bad"}'));
    const error = await app.request('GET', bed.provider.url, { grantId }).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(ProviderAPIError);
    expect(error).toMatchObject({
      code: 'provider_api_error',
      statusCode: 422,
      responseBody: '{"why":"bad"}',
      retryAfterSeconds: 7,
      details: { grant_id: grantId, method: 'GET' },
    });
    await app.close();
    expect(bed.vault.bodies('recordApiCall')).toMatchObject([
      { response_status: 422, response_body: '{"why":"bad"}' },
    ]);
  });

  it('S14: 401 is ProviderUnauthorizedError, without a second call, and the record names the token generation', async () => {
    const app = bed.makeApp();
    bed.provide((_, response) => response.writeHead(401).end());
    const promise = app.request('GET', bed.provider.url, { grantId });
    await expect(promise).rejects.toBeInstanceOf(ProviderUnauthorizedError);
    await app.close();
    expect(bed.provider.arrived).toHaveLength(1);
    expect(bed.vault.bodies('recordApiCall')).toMatchObject([
      { response_status: 401, token_generation: tokenGeneration },
    ]);
  });

  it('S14: a 403 challenge for a scope is reported to the vault and ScopeReauthRequiredError', async () => {
    const app = bed.makeApp({ caller: 'svc' });
    const challenge = 'Bearer realm="x, y", error="insufficient_scope", scope="mail.send  mail.read"';
    bed.provide((_, response) => response.writeHead(403, { 'www-authenticate': challenge }).end());
    const error = await app
      .request('GET', `${bed.provider.url}/mail`, { grantId })
      .catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(ScopeReauthRequiredError);
    expect(error).toMatchObject({
      grantId,
      providerId: 'acme',
      missingScopes: ['mail.send', 'mail.read'],
      details: { source: 'provider_insufficient_scope', www_authenticate: challenge },
    });
    await app.close();
    expect(bed.vault.bodies('reportScopeMismatch')).toMatchObject([
      {
        provider_status_code: 403,
        provider_error_code: 'insufficient_scope',
        missing_scopes: ['mail.send', 'mail.read'],
        raw_www_authenticate: challenge,
        api_endpoint: `${bed.provider.url}/mail`,
        detection_source: 'www_authenticate_rfc6750',
      },
    ]);
    const [report] = bed.vault.at('reportScopeMismatch');
    expect(report?.target).toBe(`/sdk/grants/${grantId}/report-scope-mismatch`);
    expect(report?.headers['x-alter-caller']).toBe('svc');
  });

  it("S14: the vault's own flag turns a 403 into ScopeReauthRequiredError, and leaves a 200 alone", async () => {
    const app = bed.makeApp();
    bed.vault.answerJson('retrieveToken', [200, tokenAnswer([bed.provider.host], { scope_mismatch: true })]);
    expect((await app.request('GET', bed.provider.url, { grantId })).status).toBe(200);
    bed.provide((_, response) => response.writeHead(403).end('no'));
    const error = await app.request('GET', bed.provider.url, { grantId }).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(ScopeReauthRequiredError);
    expect(error).toMatchObject({ details: { source: 'backend_flag' }, missingScopes: undefined });
    await app.close();
    expect(bed.vault.at('reportScopeMismatch')).toEqual([]);
  });

  it('a 401 with a scope challenge is a plain ProviderAPIError', async () => {
    bed.provide((_, response) =>
      response.writeHead(401, { 'www-authenticate': 'bearer error=insufficient_scope' }).end(),
    );
    const promise = bed.makeApp().request('GET', bed.provider.url, { grantId });
    const error = await promise.catch((reason: unknown) => reason);
    expect((error as Error).constructor).toBe(ProviderAPIError);
  });

  it('S14: TimeoutError and NetworkError, recorded with status 0', async () => {
    const app = bed.makeApp();
    bed.provide(() => {});
    const late = app.request('GET', bed.provider.url, { grantId, timeoutMs: 60 });
    await expect(late).rejects.toBeInstanceOf(TimeoutError);
    bed.provide((_, response) => response.destroy());
    const cut = await app.request('GET', bed.provider.url, { grantId }).catch((reason: unknown) => reason);
    expect((cut as Error).constructor).toBe(NetworkError);
    expect(cut).toMatchObject({ retryable: true, details: { peer: 'provider' } });
    await app.close();
    const records = bed.vault.bodies('recordApiCall');
    expect(records.map((each) => each.response_status)).toEqual([0, 0]);
    expect(records.map((each) => each.response_body)).toEqual([
      expect.stringMatching(/^<transport error: timeout after \d+ms>$/),
      '<transport error: network>',
    ]);
  });

  it("the caller's signal ends the call with its own reason, and that is recorded", async () => {
    const app = bed.makeApp();
    const controller = new AbortController();
    const reason = new Error('changed my mind');
    bed.provide(() => controller.abort(reason));
    const promise = app.request('GET', bed.provider.url, { grantId, signal: controller.signal });
    await expect(promise).rejects.toBe(reason);
    await app.close();
    expect(bed.vault.bodies('recordApiCall')).toMatchObject([
      { response_body: '<transport error: aborted>' },
    ]);
  });

  it('K7: what the provider echoes of the credential is in no error and no record', async () => {
    const app = bed.makeApp();
    const forms = [secretToken, encodeURIComponent(secretToken), secretToken.replaceAll('/', '\\/')];
    bed.provide(({ headers }, response) => {
      const challenge = `Bearer error="insufficient_scope", token="${secretToken}"`;
      response.writeHead(403, { 'www-authenticate': challenge, 'x-echo': headers.authorization ?? '' });
      response.end(`you sent ${forms.join(' and ')}`);
    });
    const error = await app.request('GET', bed.provider.url, { grantId }).catch((reason: unknown) => reason);
    await app.close();
    expect(error).toMatchObject({ responseBody: 'you sent [redacted] and [redacted] and [redacted]' });
    const seen =
      inspect(error, { depth: 9, showHidden: true }) + JSON.stringify(bed.vault.arrived) + bed.warnings;
    expect(seen).not.toContain('S3CRET');
  });

  it('K7: a provider that cannot be reached names no credential', async () => {
    const gone = await startRecordingServer(() => {});
    await gone.close();
    const app = bed.makeApp();
    bed.vault.answerJson('retrieveToken', [200, tokenAnswer([gone.host])]);
    const error = await app.request('GET', gone.url, { grantId }).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'network_error', details: { cause_code: 'ECONNREFUSED' } });
    expect(inspect(error, { depth: 9, showHidden: true })).not.toContain('S3CRET');
  });
});
