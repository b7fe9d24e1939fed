import { spawn } from 'node:child_process';
import { describe, expect, it, vi } from 'vitest';
import { openLink } from '../src/connect/open-link.js';
import {
  AlterValueError,
  BackendError,
  ConnectConfigError,
  ConnectDeniedError,
  ConnectFlowError,
  ConnectTimeoutError,
  CredentialRevokedError,
  GrantNotFoundError,
  ScopeReauthRequiredError,
} from '../src/index.js';
import { sendJson } from './servers/recording-server.js';
import { useTestBed } from './servers/test-bed.js';
import { grantId } from './servers/vault-server.js';

const bed = useTestBed();
const session = {
  session_token: 'alter_cs_x.aHR0cHM6Ly92',
  connect_url: 'https://vault.test/connect#s',
  expires_in: 600,
  expires_at: '2027-01-01T00:00:00Z',
  single_provider: true,
  direct: false,
};
const grant = {
  grant_id: grantId,
  provider_id: 'acme',
  account_identifier: 'a@x.test',
  scopes: ['read'],
  operation: 'creation',
  grant_policy: { expires_at: '2027-02-01T00:00:00Z', created_by: 'developer' },
  newer_field: 1,
};
const fast = { pollIntervalMs: 1, timeoutMs: 2000 };
const poll = (options: object = fast) => bed.makeApp().pollConnectSession('alter_cs_x', options);

describe('createConnectSession', () => {
  it('S1: sends every option, and the token of the user', async () => {
    bed.vault.answerJson('createConnectSession', [200, session]);
    const app = bed.makeApp({ userTokenGetter: () => 'jwt-getter' });
    expect(await app.createConnectSession()).toEqual({
      sessionToken: session.session_token,
      connectUrl: session.connect_url,
      expiresInSeconds: 600,
      expiresAt: session.expires_at,
      isSingleProvider: true,
      isDirect: false,
    });
    await app.createConnectSession({
      allowedProviders: ['acme'],
      returnUrl: 'https://app.test/done',
      allowedOrigin: 'https://app.test',
      metadata: { ip_address: '192.0.2.1' },
      grantPolicy: { expiresAt: new Date(0), maxTtlSeconds: 3600, defaultTtlSeconds: 60 },
      requiredScopes: { acme: ['read'] },
      requestedGrant: { label: 'work' },
      userToken: 'jwt-call',
      direct: true,
      switchAccount: true,
      allowUserPolicyRules: false,
    });
    const [bare, full] = bed.vault.bodies('createConnectSession');
    expect(bare).toEqual({
      allowed_providers: null,
      return_url: null,
      allowed_origin: null,
      metadata: null,
      user_token: 'jwt-getter',
    });
    expect(full).toEqual({
      allowed_providers: ['acme'],
      return_url: 'https://app.test/done',
      allowed_origin: 'https://app.test',
      metadata: { ip_address: '192.0.2.1' },
      grant_policy: {
        expires_at: '1970-01-01T00:00:00.000Z',
        max_ttl_seconds: 3600,
        default_ttl_seconds: 60,
      },
      required_scopes: { acme: ['read'] },
      requested_grant: { label: 'work' },
      user_token: 'jwt-call',
      direct: true,
      switch_account: true,
      allow_user_policy_rules: false,
    });
  });

  it.each<[string, object]>([
    ['direct with two providers', { allowedProviders: ['a', 'b'], direct: true }],
    ['repair without a provider', { repairGrantId: grantId }],
    [
      'repair with a label',
      { allowedProviders: ['a'], repairGrantId: grantId, requestedGrant: { label: 'l' } },
    ],
    ['repair of no UUID', { allowedProviders: ['a'], repairGrantId: 'g' }],
    ['no provider at all', { allowedProviders: [] }],
    ['a lifetime below zero', { grantPolicy: { maxTtlSeconds: -1 } }],
    ['an unknown lifetime', { grantPolicy: { ttl: 1 } }],
    ['an agent, which this version does not have', { agent: 'bot' }],
  ])('%s is refused before any traffic', async (_name, options) => {
    await expect(bed.makeApp().createConnectSession(options)).rejects.toBeInstanceOf(AlterValueError);
    expect(bed.vault.arrived).toEqual([]);
  });

  it('createConnectSessionForError repairs in place, and makes a new grant where the old one is gone', async () => {
    const app = bed.makeApp();
    bed.vault.answer('createConnectSession', ({ body }, response) =>
      body.includes('repair_grant_id')
        ? sendJson(response, 404, { error: 'grant_not_found', message: 'gone' })
        : sendJson(response, 200, session),
    );
    const facts = { grantId, providerId: 'acme' };
    await app.createConnectSessionForError(new CredentialRevokedError('m', facts), {
      returnUrl: 'https://a.test',
    });
    await app.createConnectSessionForError(new GrantNotFoundError('m', facts));
    const scope = new ScopeReauthRequiredError('m', { ...facts, statusCode: 403 });
    await app.createConnectSessionForError(scope);
    const bodies = bed.vault.bodies('createConnectSession');
    expect(bodies.map((each) => each.repair_grant_id)).toEqual([
      grantId,
      undefined,
      undefined,
      grantId,
      undefined,
    ]);
    expect(bodies.every((each) => JSON.stringify(each.allowed_providers) === '["acme"]')).toBe(true);
    expect(bodies[1]?.return_url).toBe('https://a.test');
    const nameless = app.createConnectSessionForError(new GrantNotFoundError('m'));
    await expect(nameless).rejects.toBeInstanceOf(AlterValueError);
  });
});

describe('pollConnectSession', () => {
  it('S1: waits, tells of declined providers once, and gives what was connected', async () => {
    const declined = [
      { provider_id: 'other', error_code: 'connect_denied', declined_at: '2027-01-01T00:00:00Z' },
    ];
    bed.vault.answerJson(
      'pollConnectSession',
      [200, { status: 'pending' }],
      [200, { status: 'pending', declined_providers: declined }],
      [200, { status: 'completed', grants: [grant], declined_providers: declined }],
    );
    const onEvent = vi.fn(() => {
      throw new Error('listener');
    });
    expect(await poll({ ...fast, onEvent })).toEqual([
      {
        grantId,
        providerId: 'acme',
        accountIdentifier: 'a@x.test',
        scopes: ['read'],
        apiBaseUrl: undefined,
        operation: 'creation',
        grantPolicy: { expiresAt: '2027-02-01T00:00:00Z', createdBy: 'developer', createdAt: undefined },
      },
    ]);
    expect(onEvent.mock.calls).toEqual([
      [
        {
          type: 'provider_declined',
          providerId: 'other',
          errorCode: 'connect_denied',
          declinedAt: '2027-01-01T00:00:00Z',
        },
      ],
    ]);
  });

  it.each([
    ['connect_denied', ConnectDeniedError],
    ['invalid_client', ConnectConfigError],
    ['connect_config_error', ConnectConfigError],
    ['account_mismatch', ConnectFlowError],
    ['connect_cancelled', ConnectFlowError],
    ['service_unavailable', BackendError],
  ])('S14: %s ends it', async (code, expected) => {
    const error = { error_code: code, error_message: `about ${code}`, retry_after_seconds: 9 };
    bed.vault.answerJson('pollConnectSession', [200, { status: 'error', error }]);
    const failure = await poll().catch((reason: unknown) => reason);
    expect((failure as Error).constructor).toBe(expected);
    expect(failure).toMatchObject({ code, message: `about ${code}`, details: { retry_after_seconds: 9 } });
  });

  it('S14: ConnectTimeoutError when nobody finishes, or the session runs out', async () => {
    bed.vault.answerJson('pollConnectSession', [200, { status: 'pending' }]);
    const late = await poll({ timeout: 0.05, pollInterval: 0.01 }).catch((reason: unknown) => reason);
    expect(late).toBeInstanceOf(ConnectTimeoutError);
    expect(late).toMatchObject({ details: { reason: 'poll_deadline_elapsed', timeout: 0.05 } });
    bed.vault.answerJson('pollConnectSession', [200, { status: 'pending' }], [200, { status: 'expired' }]);
    await expect(poll()).rejects.toMatchObject({
      code: 'connect_timeout',
      details: { reason: 'session_expired' },
    });
    bed.vault.answerJson('pollConnectSession', [200, { status: 'expired' }]);
    const unknown = await poll().catch((reason: unknown) => reason);
    expect((unknown as Error).constructor).toBe(ConnectFlowError);
  });

  it('outlives a vault that restarts, but not one that is gone or a refusal', async () => {
    bed.vault.answer('pollConnectSession', (_, response, count) =>
      count < 4 ? response.destroy() : sendJson(response, 200, { status: 'completed', grants: [grant] }),
    );
    expect(await poll()).toHaveLength(1);
    bed.vault.answer('pollConnectSession', (_, response) => response.destroy());
    await expect(poll()).rejects.toMatchObject({ code: 'network_error' });
    const before = bed.vault.at('pollConnectSession').length;
    bed.vault.answerJson('pollConnectSession', [401, { error: 'key_revoked', message: 'm' }]);
    await expect(poll()).rejects.toMatchObject({ code: 'key_revoked' });
    expect(bed.vault.at('pollConnectSession').length - before).toBe(1);
  });
});

describe('connect', () => {
  it('S1: headless shows the link and gives the grants', async () => {
    bed.vault.answerJson('createConnectSession', [200, session]);
    bed.vault.answerJson('pollConnectSession', [200, { status: 'completed', grants: [grant] }]);
    const onLink = vi.fn();
    const results = await bed
      .makeApp()
      .connect({ providers: ['acme'], openBrowser: false, onLink, direct: true, ...fast });
    expect(results[0]?.grantId).toBe(grantId);
    expect(onLink.mock.calls).toEqual([[session.connect_url]]);
    expect(bed.vault.bodies('createConnectSession')[0]).toMatchObject({
      allowed_providers: ['acme'],
      direct: true,
    });
  });

  it('S1: without onLink the link is printed', async () => {
    bed.vault.answerJson('createConnectSession', [200, session]);
    bed.vault.answerJson('pollConnectSession', [200, { status: 'completed', grants: [grant] }]);
    const write = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
    await bed.makeApp().connect({ open_browser: false });
    const printed = write.mock.calls.map(([text]) => text);
    write.mockRestore();
    expect(printed).toEqual([`Open this link to connect: ${session.connect_url}\n`]);
  });

  it('a wrong duration is found before there is a session', async () => {
    const app = bed.makeApp();
    await expect(app.connect({ timeout: 0 })).rejects.toBeInstanceOf(AlterValueError);
    await expect(app.connect({ pollInterval: Number.NaN })).rejects.toBeInstanceOf(AlterValueError);
    expect(bed.vault.arrived).toEqual([]);
  });

  it('the link is shown when the browser cannot be started or the launcher fails', async () => {
    const run = (code: number) => async () => spawn(process.execPath, ['-e', `process.exit(${code})`]);
    await new Promise<void>((resolve) => openLink('https://x.test', resolve, run(3)));
    await new Promise<void>((resolve) =>
      openLink('https://x.test', resolve, async () => spawn('/nonexistent/browser')),
    );
    const onFailure = vi.fn();
    const child = spawn(process.execPath, ['-e', '']);
    await openLink('https://x.test', onFailure, async () => child);
    await new Promise((resolve) => child.once('close', resolve));
    expect(onFailure).not.toHaveBeenCalled();
  });
});
