import { endpoints } from '@alter-ai/core-contract';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { connectAccount, createPageBrowser, openSession } from '../connect/connect-driver.js';
import { type ConnectStack, startConnectStack } from '../connect/stack.js';
import { describeBothDatabases } from '../harness.js';
import { digestState, expectRefusal } from './refusal.js';
import { fillPath, type Json, unknownId } from './samples.js';
import { type BadInputWorld, createCaller } from './world.js';

/** An answer's text with everything that may differ between two ids taken out. */
function blank(text: string, ids: readonly string[]): string {
  const known = ids.reduce((rest, id) => rest.replaceAll(id, '<id>'), text);
  return known.replace(/"request_id":"[^"]*"/, '"request_id":"<id>"');
}

describeBothDatabases('ids of others', (kind) => {
  let world: ConnectStack & Pick<BadInputWorld, 'call'>;
  let grantId = '';
  beforeAll(async () => {
    const stack = await startConnectStack(kind);
    world = { ...stack, call: createCaller(stack.vault) };
    grantId = (await connectAccount(world.vault, { provider: 'acme' })).grant_id;
  });
  afterAll(() => world?.close());

  const request = { method: 'GET', url: 'https://api.example/items' };
  const outcome = {
    provider_id: 'acme',
    method: 'GET',
    url: request.url,
    response_status: 401,
    latency_ms: 1,
    token_generation: unknownId,
  };
  const report = {
    provider_status_code: 403,
    provider_error_code: 'insufficient_scope',
    detection_source: 'provider_403',
    missing_scopes: ['email'],
  };
  const calls: readonly (readonly [keyof typeof endpoints, (id: string) => Json])[] = [
    ['retrieveToken', (id) => ({ grant_id: id, request })],
    ['recordApiCall', (id) => ({ grant_id: id, ...outcome })],
    ['reportScopeMismatch', () => report],
    ['revokeGrant', () => ({ reason: 'mine now' })],
    ['createConnectSession', (id) => ({ allowed_providers: ['acme'], repair_grant_id: id })],
  ];

  it.each(calls)(
    "T2: %s answers another app's grant as it answers no grant, and changes nothing",
    async (name, body) => {
      const before = await digestState(world.vault);
      const seen: string[] = [];
      for (const id of [unknownId, grantId]) {
        const endpoint = endpoints[name];
        const target = { endpoint, path: fillPath(endpoint.path, id) };
        const answer = await world.call(target, body(id), { app: 'other' });
        const text = await answer.clone().text();
        await expectRefusal(world.vault, answer, { status: 404, error: 'grant_not_found' });
        seen.push(blank(text, [unknownId, grantId]));
      }
      expect(seen[1]).toBe(seen[0]);
      expect(await digestState(world.vault)).toEqual(before);
    },
  );

  it.each(['reportScopeMismatch', 'revokeGrant'] as const)(
    'T3: %s takes anything in its path as an id, decoded, and answers 404',
    async (name) => {
      const endpoint = endpoints[name];
      const body = name === 'revokeGrant' ? {} : report;
      const before = await digestState(world.vault);
      const upper = grantId.toUpperCase();
      const ids = [
        'x',
        upper,
        `${grantId}%00`,
        '%00',
        '%zz',
        '%ff',
        '%27%20or%201%3D1',
        `${grantId}%0A`,
        'a'.repeat(5000),
        '%F0%9F%94%91',
      ];
      for (const id of ids) {
        const answer = await world.call({ endpoint, path: fillPath(endpoint.path, id) }, body);
        await expectRefusal(world.vault, answer, { status: 404, error: 'grant_not_found' });
      }
      const slashed = await world.call({ endpoint, path: fillPath(endpoint.path, `${grantId}%2Fx`) }, body);
      expect(slashed.status).toBe(404);
      expect(await digestState(world.vault)).toEqual(before);
    },
  );

  it('T1: a percent-encoded path segment reaches the route decoded', async () => {
    const encoded = `%${grantId.charCodeAt(0).toString(16)}${grantId.slice(1)}`;
    const endpoint = endpoints.reportScopeMismatch;
    const answer = await world.call({ endpoint, path: fillPath(endpoint.path, encoded) }, report);
    expect(answer.status).toBe(204);
  });

  it("T2: another app's actor, users, sessions and grants are nowhere in a list or poll", async () => {
    const first = await world.vault.signedFetch('GET', '/sdk/scopes', undefined, {
      caller: 'robot',
      callerType: 'agent',
    });
    const actorId = first.headers.get('x-alter-actor-id') ?? '';
    expect(actorId).not.toBe('');
    const before = await digestState(world.vault);
    for (const options of [{ actorId }, { actorId, caller: 'robot', callerType: 'agent' }]) {
      const answer = await world.vault.signedFetch(
        'POST',
        '/sdk/grants/list',
        {},
        { app: 'other', ...options },
      );
      await expectRefusal(world.vault, answer, {
        status: 400,
        error: 'invalid_request',
        field: 'x-alter-actor-id',
      });
    }
    expect(await digestState(world.vault)).toEqual(before);
    const listed = await world.vault.signedFetch('POST', '/sdk/grants/list', {}, { app: 'other' });
    expect(await listed.json()).toMatchObject({ grants: [], total: 0 });
  });

  it('C2, C3: forged session tokens, handles and pages of another browser or origin open nothing', async () => {
    const session = await openSession(world.vault, { allowed_providers: ['acme'] });
    const [random = '', origin = ''] = session.sessionToken.split('.');
    const flipped = `${random.slice(0, -1)}${random.endsWith('A') ? 'B' : 'A'}`;
    const forged = [
      `${flipped}.${origin}`,
      `${random}.${Buffer.from('https://evil.example').toString('base64url')}`,
      random,
      session.sessionToken.toUpperCase(),
      `${session.sessionToken}=`,
      session.sessionToken.slice('alter_cs_'.length),
      session.handle,
      'x'.repeat(4096),
    ];
    const before = await digestState(world.vault);
    const at = (name: keyof typeof endpoints) => ({ endpoint: endpoints[name], path: endpoints[name].path });
    for (const token of forged) {
      const opened = await world.call(at('pageOpen'), { session_token: token });
      await expectRefusal(world.vault, opened, { status: 404, error: 'session_not_found' });
      for (const name of ['connectStatus', 'pollConnectSession'] as const) {
        const answer = await world.call(at(name), { session_token: token });
        expect([answer.status, await answer.json()]).toEqual([200, { status: 'expired' }]);
      }
    }
    const page: readonly (readonly [keyof typeof endpoints, Json])[] = [
      ['pageOpen', { handle: session.handle }],
      ['pageAuthorize', { handle: session.handle, provider_id: 'acme' }],
      ['pageUseExisting', { handle: session.handle, grant_id: grantId }],
      ['pageResolveMismatch', { handle: session.handle, choice: 'add' }],
      ['pageFinish', { handle: session.handle }],
      ['pageCancel', { handle: session.handle }],
    ];
    for (const [name, body] of page) {
      for (const cookie of [
        undefined,
        'alter_vault_connect=',
        `alter_vault_connect=${'A'.repeat(43)}`,
        ';;=%zz;',
      ]) {
        const answer = await world.call(at(name), body, { headers: { cookie } });
        await expectRefusal(world.vault, answer, { status: 404, error: 'session_not_found' });
      }
      for (const other of ['http://127.0.0.1:4600', 'null', 'https://evil.example', undefined]) {
        const answer = await world.call(at(name), body, { headers: { origin: other } });
        await expectRefusal(world.vault, answer, {
          status: 403,
          error: 'forbidden',
          recordedAs: 'security.origin_refused',
        });
      }
    }
    const read = await world.call(
      at('connectStatus'),
      { session_token: session.sessionToken },
      { headers: { origin: 'https://evil.example' } },
    );
    expect(read.headers.get('access-control-allow-origin')).toBeNull();
    await expectRefusal(world.vault, read, {
      status: 403,
      error: 'forbidden',
      recordedAs: 'security.origin_refused',
    });
    expect(await digestState(world.vault)).toEqual(before);
    const stranger = createPageBrowser(world.vault);
    expect((await stranger.post('use-existing', { handle: session.handle, grant_id: grantId })).status).toBe(
      404,
    );
  });
});
