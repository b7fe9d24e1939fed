import { emulatedOverrides, type OidcEmulator, startOidcServer } from '@alter-ai/emulator';
import { afterEach, describe, expect, it } from 'vitest';
import { connectAccount } from '../connect/connect-driver.js';
import { startTestVault, type TestVault } from '../harness.js';

let emulator: OidcEmulator;
let vault: TestVault;
let offsetMs = 0;
afterEach(async () => {
  await vault.close();
  await emulator.close();
});

const hourMs = 3_600_000;

async function openWorld(scopes: string[]) {
  offsetMs = 0;
  emulator = await startOidcServer({ shapes: true, clients: [] });
  vault = await startTestVault({
    kind: 'sqlite',
    clock: () => Date.now() + offsetMs,
    config: {
      version: 1,
      apps: [
        {
          slug: 'demo',
          name: 'Demo',
          api_keys: [{ name: 'backend' }],
          providers: [
            {
              id: 'slack',
              client_id: 'slack-client',
              client_secret: 'slack-secret',
              scopes,
              ...emulatedOverrides('slack', emulator.issuer),
            },
          ],
        },
      ],
    },
  });
  const { grant_id: grantId } = await connectAccount(vault, { provider: 'slack' });
  return grantId;
}

interface Tokens {
  access_token: string;
  token_generation: string;
  additional_credentials?: { user?: string };
}

async function retrieve(grantId: string): Promise<Tokens> {
  const url = `${emulatedOverrides('slack', emulator.issuer).api_base_urls[0]}/messages`;
  const answer = await vault.signedFetch('POST', '/sdk/token', {
    grant_id: grantId,
    reason: null,
    request: { method: 'GET', url },
  });
  expect(answer.status).toBe(200);
  return (await answer.json()) as Tokens;
}

/** Slack's own word on a token. */
async function isAccepted(token: string | undefined): Promise<boolean> {
  const answer = await fetch(`${emulator.issuer}/p/slack/api/auth.test`, {
    headers: { authorization: `Bearer ${token}` },
  });
  return ((await answer.json()) as { ok: boolean }).ok;
}

const countRefreshes = () =>
  emulator.log().filter((event) => event.event === 'accepted' && event.tokenType === 'refresh_token').length;

describe('a provider with two tokens in one answer, each with a refresh token of its own', () => {
  const both = ['chat:write', 'user_scope:search:read'];

  it('R1: both are refreshed, each by its own token and once, and both work afterwards', async () => {
    const grantId = await openWorld(both);
    const first = await retrieve(grantId);
    expect(first.additional_credentials?.user).toBeTruthy();
    offsetMs += 11.99 * hourMs;
    const second = await retrieve(grantId);
    expect(countRefreshes()).toBe(2);
    expect(second.access_token).not.toBe(first.access_token);
    expect(second.additional_credentials?.user).not.toBe(first.additional_credentials?.user);
    expect(await isAccepted(second.access_token)).toBe(true);
    expect(await isAccepted(second.additional_credentials?.user)).toBe(true);
    await retrieve(grantId);
    expect(countRefreshes()).toBe(2);
    offsetMs += 12 * hourMs;
    await retrieve(grantId);
    expect(countRefreshes()).toBe(4);
    expect(emulator.summarizeLog().refreshReplayed).toEqual([]);
  });

  it('a token that was refused is replaced with the other one, since nobody says which it was', async () => {
    const grantId = await openWorld(both);
    const first = await retrieve(grantId);
    emulator.expireAccessTokens({ realm: 'slack' });
    await vault.signedFetch('POST', '/sdk/oauth/audit/api-call', {
      grant_id: grantId,
      provider_id: 'slack',
      token_generation: first.token_generation,
      method: 'GET',
      url: `${emulatedOverrides('slack', emulator.issuer).api_base_urls[0]}/messages`,
      request_headers: {},
      request_body: null,
      response_status: 401,
      response_headers: {},
      response_body: '',
      latency_ms: 1,
      reason: null,
      context: null,
    });
    const second = await retrieve(grantId);
    expect(await isAccepted(second.access_token)).toBe(true);
    expect(await isAccepted(second.additional_credentials?.user)).toBe(true);
  });

  it('R4: which of the two was under way when an answer was lost is known', async () => {
    const grantId = await openWorld(both);
    await retrieve(grantId);
    offsetMs += 12.1 * hourMs;
    emulator.misbehave({ kind: 'cut', when: 'after', times: 1, realm: 'slack' });
    const answer = await vault.signedFetch('POST', '/sdk/token', {
      grant_id: grantId,
      reason: null,
      request: {
        method: 'GET',
        url: `${emulatedOverrides('slack', emulator.issuer).api_base_urls[0]}/messages`,
      },
    });
    expect(await answer.json()).toMatchObject({ error: 'credential_revoked' });
    expect(emulator.summarizeLog().refreshReplayed).toEqual([]);
  });

  it('asked for alone, the user token is the first credential and stays the same under both names', async () => {
    const grantId = await openWorld(['user_scope:search:read']);
    const first = await retrieve(grantId);
    expect(first.additional_credentials?.user).toBe(first.access_token);
    offsetMs += 12.1 * hourMs;
    const second = await retrieve(grantId);
    expect(countRefreshes()).toBe(1);
    expect(second.access_token).not.toBe(first.access_token);
    expect(second.additional_credentials?.user).toBe(second.access_token);
    expect(await isAccepted(second.access_token)).toBe(true);
  });
});
