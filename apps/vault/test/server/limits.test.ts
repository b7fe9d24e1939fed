import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestVault, type TestVault } from '../harness.js';
import { readAudit } from './read-audit.js';

const key = 'alter_rk_abcdefghijklmnopqrstuv_iwpykn';
const config = {
  version: 1,
  apps: [
    {
      slug: 'demo',
      name: 'Demo',
      api_keys: [{ name: 'inside', value: key, allowed_addresses: ['203.0.113.0/24'] }],
    },
  ],
};

describe('T5: limits per address', () => {
  let vault: TestVault;
  let nowMs = Date.now();
  beforeAll(async () => {
    vault = await startTestVault({
      kind: 'sqlite',
      clock: () => nowMs,
      environment: { ALTER_VAULT_ENV: 'production', ALTER_VAULT_PUBLIC_URL: 'https://vault.example.com' },
    });
  });
  afterAll(() => vault?.close());

  const callBadly = (remoteAddress: string) =>
    vault.signedFetch('GET', '/sdk/scopes', undefined, {
      headers: { 'x-alter-signature': '0'.repeat(64) },
      remoteAddress,
    });

  it('badly signed calls beyond the limit are 429 with the time to wait, and fill no log', async () => {
    const answers = await Promise.all(Array.from({ length: 301 }, () => callBadly('198.51.100.7')));
    const refused = answers.filter((answer) => answer.status === 429);
    expect(refused).toHaveLength(1);
    const [limited] = refused;
    expect(Number(limited?.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(await limited?.json()).toMatchObject({
      error: 'rate_limit_exceeded',
      retryable: true,
      scope: 'ip',
      limit: 300,
      window_seconds: 60,
      retry_after: expect.any(Number),
    });
    expect(await readAudit(vault, 'security.signature_refused')).toHaveLength(300);
    expect((await callBadly('198.51.100.8')).status).toBe(401);
    expect(
      (await vault.signedFetch('GET', '/sdk/scopes', undefined, { remoteAddress: '198.51.100.7' })).status,
    ).toBe(200);
    nowMs += 60_000;
    expect((await callBadly('198.51.100.7')).status).toBe(401);
  });

  it('session calls tell how their limit stands, and end in 429', async () => {
    const call = () =>
      vault.signedFetch('POST', '/sdk/oauth/connect/session', { allowed_providers: ['google'] });
    const first = await call();
    const limit = Number(first.headers.get('x-ratelimit-limit'));
    expect(limit).toBeGreaterThanOrEqual(60);
    expect(Number(first.headers.get('x-ratelimit-remaining'))).toBe(limit - 1);
    const others = await Promise.all(Array.from({ length: limit }, call));
    expect(others.filter((answer) => answer.status === 429)).toHaveLength(1);
  });
});

describe('T5: development lets 200 badly signed calls a minute pass', () => {
  it('none of them is 429', async () => {
    const vault = await startTestVault({ kind: 'sqlite' });
    const answers = await Promise.all(
      Array.from({ length: 200 }, () =>
        vault.signedFetch('GET', '/sdk/scopes', undefined, {
          headers: { 'x-alter-signature': '0'.repeat(64) },
        }),
      ),
    );
    await vault.close();
    expect(new Set(answers.map((answer) => answer.status))).toEqual(new Set([401]));
  });
});

describe('P4: the client address', () => {
  const read = async (trusted: string, remoteAddress: string, forwarded: string) => {
    const vault = await startTestVault({
      kind: 'sqlite',
      config,
      environment: trusted === '' ? {} : { ALTER_VAULT_TRUSTED_PROXIES: trusted },
    });
    const answer = await vault.signedFetch('GET', '/sdk/scopes', undefined, {
      remoteAddress,
      headers: { 'x-forwarded-for': forwarded },
    });
    await vault.close();
    return answer.status === 200
      ? 'inside'
      : ((await answer.json()) as { source_address?: string }).source_address;
  };

  it.each([
    ['', '127.0.0.1', '203.0.113.9', '127.0.0.1'],
    ['10.0.0.0/8', '127.0.0.1', '203.0.113.9', '127.0.0.1'],
    ['10.0.0.0/8', '10.0.0.1', '203.0.113.9', 'inside'],
    ['10.0.0.0/8', '::ffff:10.0.0.1', '203.0.113.9', 'inside'],
    ['10.0.0.0/8', '10.0.0.1', '203.0.113.9, 198.51.100.1', '198.51.100.1'],
    ['10.0.0.0/8', '10.0.0.1', '198.51.100.1, 203.0.113.9, 10.0.0.2', 'inside'],
    ['10.0.0.0/8', '10.0.0.1', '203.0.113.9, nonsense', '10.0.0.1'],
    ['10.0.0.0/8', '10.0.0.1', '', '10.0.0.1'],
  ])('behind %s, from %s with "%s" it is %s', async (trusted, remoteAddress, forwarded, expected) => {
    expect(await read(trusted, remoteAddress, forwarded)).toBe(expected);
  });
});
