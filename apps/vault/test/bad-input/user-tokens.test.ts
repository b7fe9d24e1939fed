import { createPublicKey, type JsonWebKey } from 'node:crypto';
import { endpoints } from '@alter-ai/core-contract';
import { SignJWT, UnsecuredJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectAccount } from '../connect/connect-driver.js';
import { type ConnectStack, startConnectStack } from '../connect/stack.js';
import { digestState, expectRefusal, expectRefusals, listRecords } from './refusal.js';
import { fillPath, type Json } from './samples.js';
import { type BadInputWorld, createCaller } from './world.js';

describe('bad user tokens at every endpoint that takes one', () => {
  let world: ConnectStack & Pick<BadInputWorld, 'call'>;
  let grantId = '';
  let tokens: readonly (readonly [name: string, token: string])[] = [];

  const sign = (claims: Record<string, unknown> = {}, header: Record<string, unknown> = {}) =>
    world.idp.issueUserToken({ subject: 'mallory', audience: 'demo-api', overrides: { claims, header } });

  async function forgeTokens(): Promise<readonly (readonly [string, string])[]> {
    const now = Math.floor(Date.now() / 1000);
    const claims = { iss: world.idp.issuer, aud: 'demo-api', sub: 'mallory', exp: now + 600 };
    const discovery = await fetch(`${world.idp.issuer}/.well-known/openid-configuration`);
    const { jwks_uri: keysUrl } = (await discovery.json()) as { jwks_uri: string };
    const { keys } = (await (await fetch(keysUrl)).json()) as { keys: (JsonWebKey & { kid: string })[] };
    const [key] = keys;
    if (!key) throw new Error('the issuer publishes no key');
    const pem = createPublicKey({ key, format: 'jwk' }).export({ type: 'spki', format: 'pem' });
    const good = await sign();
    const [header = '', payload = '', signature = ''] = good.split('.');
    const richer = Buffer.from(JSON.stringify({ ...claims, sub: 'admin' })).toString('base64url');
    return [
      ['of another issuer', await sign({ iss: 'https://other.example' })],
      ['of an issuer that looks alike', await sign({ iss: `${world.idp.issuer}/` })],
      ['of no issuer', await sign({ iss: null })],
      ['for another audience', await sign({ aud: 'other-api' })],
      ['for no audience', await sign({ aud: null })],
      ['that expired', await sign({ exp: now - 60 })],
      ['that never expires', await sign({ exp: null })],
      ['whose end is no number', await sign({ exp: 'never' })],
      ['that is not valid yet', await sign({ nbf: now + 600 })],
      ['without a subject', await sign({ sub: null })],
      ['with an empty subject', await sign({ sub: '' })],
      ['whose subject is no string', await sign({ sub: { $ne: '' } })],
      ['of an unknown key id', await sign({}, { kid: 'key-999' })],
      ['of a key id with a path', await sign({}, { kid: '../../etc/passwd' })],
      [
        'signed by a key that is not published',
        await world.idp.issueUserToken({
          subject: 'mallory',
          audience: 'demo-api',
          overrides: { key: 'unknown' },
        }),
      ],
      [
        'with a critical header that nobody knows',
        await sign({}, { crit: ['exp'], exp: 1 }).catch(() => 'e30.e30.e30'),
      ],
      ['without a signature (alg none)', new UnsecuredJWT(claims).encode()],
      [
        'signed with the public key as a secret',
        await new SignJWT(claims).setProtectedHeader({ alg: 'HS256', kid: key.kid }).sign(Buffer.from(pem)),
      ],
      ['with another payload', `${header}.${richer}.${signature}`],
      ['with its signature cut off', `${header}.${payload}.`],
      ['with a part too many', `${good}.${signature}`],
      ['that is no token', 'no.jwt.here'],
      ['that is text', '\u{1f511}'],
      ['that is as long as it may be', 'e'.repeat(8192)],
    ];
  }

  beforeAll(async () => {
    const stack = await startConnectStack('sqlite');
    world = { ...stack, call: createCaller(stack.vault) };
    const session = { user_token: await world.userToken('alice') };
    grantId = (await connectAccount(world.vault, { provider: 'acme', session })).grant_id;
    tokens = await forgeTokens();
  });
  afterAll(() => world?.close());

  const request = { method: 'GET', url: 'https://api.example/items' };
  const calls: readonly (readonly [keyof typeof endpoints, (token: string) => Json, string])[] = [
    ['verifyUserToken', (token) => ({ token }), 'security.user_token_refused'],
    ['retrieveToken', (token) => ({ grant_id: grantId, request, user_token: token }), 'access.retrieve'],
    ['listGrants', (token) => ({ user_token: token }), 'security.user_token_refused'],
    ['revokeGrant', (token) => ({ user_token: token }), 'security.user_token_refused'],
    [
      'createConnectSession',
      (token) => ({ allowed_providers: ['acme'], user_token: token }),
      'security.user_token_refused',
    ],
  ];

  it.each(calls)('T3: %s refuses each, records it, and changes nothing', async (name, body, recordedAs) => {
    const before = await digestState(world.vault);
    const endpoint = endpoints[name];
    const target = { endpoint, path: fillPath(endpoint.path, grantId) };
    const expected = { status: 401, error: 'jwt_validation_error', recordedAs };
    const bodies = await expectRefusals(
      world.vault,
      tokens.map(([, token]) => [world.call(target, body(token)), expected]),
    );
    const texts = JSON.stringify(bodies);
    for (const [kind, token] of tokens) expect([kind, texts.includes(token)]).toEqual([kind, false]);
    expect(await digestState(world.vault)).toEqual(before);
  });

  it.each(calls)(
    'T2: %s refuses a good token in an app without this issuer, and the record names no part of it',
    async (name, body) => {
      const before = await digestState(world.vault);
      const endpoint = endpoints[name];
      const token = await world.userToken('alice');
      const target = { endpoint, path: fillPath(endpoint.path, grantId) };
      const answer = await world.call(target, body(token), { app: 'other' });
      const refusal = await expectRefusal(world.vault, answer, {
        status: 401,
        error: 'jwt_validation_error',
      });
      const record = JSON.stringify(
        (await listRecords(world.vault)).find((known) => known.request_id === refusal.request_id),
      );
      for (const part of token.split('.')) expect(record).not.toContain(part);
      expect(await digestState(world.vault)).toEqual(before);
    },
  );

  it("T2: another user's token reaches no grant of the first user", async () => {
    const token = await world.userToken('bob');
    // Makes bob's row, as his first visit would.
    await world.vault.signedFetch('POST', '/sdk/auth/verify-token', { token });
    const before = await digestState(world.vault);
    for (const name of ['retrieveToken', 'revokeGrant'] as const) {
      const endpoint = endpoints[name];
      const body = calls.find(([known]) => known === name)?.[1](token) ?? {};
      const answer = await world.call({ endpoint, path: fillPath(endpoint.path, grantId) }, body);
      await expectRefusal(world.vault, answer, { status: 404, error: 'grant_not_found' });
    }
    const listed = await world.vault.signedFetch('POST', '/sdk/grants/list', { user_token: token });
    expect(await listed.json()).toMatchObject({ total: 0 });
    expect(await digestState(world.vault)).toEqual(before);
  });
});
