import {
  emulatedOverrides,
  type OidcEmulator,
  SHAPED_PROVIDER_IDS,
  startOidcServer,
} from '@alter-ai/emulator';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestVault, type TestVault } from '../harness.js';
import { connectAccount } from './connect-driver.js';

/** What each provider does when a grant is taken back: catalogue facts. */
const withoutRevocation = new Set(['microsoft', 'atlassian', 'spotify']);
/** Tokens that do not end, so there is nothing to refresh. */
const withoutRefresh = new Set(['github']);

describe('S10: the twelve providers against their emulated shapes', () => {
  let emulator: OidcEmulator;
  let vault: TestVault;

  beforeAll(async () => {
    emulator = await startOidcServer({ shapes: true, clients: [] });
    vault = await startTestVault({
      kind: 'sqlite',
      config: {
        version: 1,
        apps: [
          {
            slug: 'demo',
            name: 'Demo',
            api_keys: [{ name: 'backend' }],
            providers: SHAPED_PROVIDER_IDS.map((id) => ({
              id,
              client_id: `${id}-client`,
              client_secret: `${id}-secret`,
              ...emulatedOverrides(id, emulator.issuer),
            })),
          },
        ],
      },
    });
  });
  afterAll(async () => {
    await vault?.close();
    await emulator?.close();
  });

  const retrieve = async (grantId: string, id: (typeof SHAPED_PROVIDER_IDS)[number]) => {
    const url = `${emulatedOverrides(id, emulator.issuer).api_base_urls[0]}/messages`;
    const answer = await vault.signedFetch('POST', '/sdk/token', {
      grant_id: grantId,
      reason: null,
      request: { method: 'GET', url },
    });
    return {
      status: answer.status,
      url,
      body: (await answer.json()) as Record<string, string & Record<string, string>>,
    };
  };
  const call = (url: string, token: Record<string, string & Record<string, string>>) =>
    fetch(url, {
      headers: {
        ...(token.required_headers as Record<string, string> | undefined),
        [token.injection_header ?? '']: (token.injection_format ?? '').replace(
          '{token}',
          token.access_token ?? '',
        ),
      },
    });

  /** Slack says no with 200 and `ok: false`. */
  const isAccepted = async (url: string, token: Record<string, string & Record<string, string>>) => {
    const answer = await call(url, token);
    const body = (await answer.json()) as { ok?: boolean };
    return answer.status === 200 && body.ok !== false;
  };

  it.each(SHAPED_PROVIDER_IDS)('%s connects, is called, refreshes and is revoked', async (id) => {
    const grant = await connectAccount(vault, { provider: id });
    expect(grant.operation).toBe('creation');
    expect(grant.account_identifier).not.toBe('');

    const first = await retrieve(grant.grant_id, id);
    expect(first.body).toMatchObject({ grant_id: grant.grant_id, provider_id: id });
    expect(await isAccepted(first.url, first.body)).toBe(true);

    if (!withoutRefresh.has(id)) {
      emulator.expireAccessTokens({ realm: id });
      expect(await isAccepted(first.url, first.body)).toBe(false);
      // What the SDK reports after such an answer makes the next use refresh.
      await vault.signedFetch('POST', '/sdk/oauth/audit/api-call', {
        grant_id: grant.grant_id,
        provider_id: id,
        token_generation: first.body.token_generation,
        method: 'GET',
        url: first.url,
        request_headers: {},
        request_body: null,
        response_status: 401,
        response_headers: {},
        response_body: '',
        latency_ms: 1,
        reason: null,
        context: null,
      });
      const second = await retrieve(grant.grant_id, id);
      expect(second.status).toBe(200);
      expect(second.body.token_generation).not.toBe(first.body.token_generation);
      expect(await isAccepted(second.url, second.body)).toBe(true);
    }

    const revoked = await vault.signedFetch('POST', `/sdk/oauth/grants/${grant.grant_id}/revoke`, {});
    expect(await revoked.json()).toMatchObject({
      success: true,
      provider_revocation: withoutRevocation.has(id) ? 'not_supported' : 'confirmed',
    });
    expect((await retrieve(grant.grant_id, id)).body.error).toBe('grant_revoked');
    if (!withoutRevocation.has(id)) expect(await isAccepted(first.url, first.body)).toBe(false);
  });

  it.each(SHAPED_PROVIDER_IDS)(
    '%s: connecting the same account again is a reauth of the same grant',
    async (id) => {
      const first = await connectAccount(vault, { provider: id, user: 'bob' });
      const second = await connectAccount(vault, { provider: id, user: 'bob' });
      expect(second).toMatchObject({ grant_id: first.grant_id, operation: 'reauth' });
    },
  );
});
