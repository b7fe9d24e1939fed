import { once } from 'node:events';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { describeBothDatabases } from '../harness.js';
import { type ServedVault, serveVault } from '../server/socket.js';
import { type Json, type ProxyWorld, type Respond, startProxyWorld } from './proxy-world.js';
import { openStream, readText, signPost } from './signed-call.js';

const limits = { callMs: 1000, silenceMs: 400 };

describeBothDatabases('E4: a provider that does not answer in time', (kind) => {
  let world: ProxyWorld;
  let served: ServedVault;
  let ended: Promise<unknown>;
  beforeAll(async () => {
    world = await startProxyWorld(kind, {
      app: (host) => ({
        managed_secrets: [{ slug: 'slow', kind: 'bearer', hosts: [host], value: 'slow-value' }],
      }),
    });
    served = await serveVault(world.stack.vault, limits);
    // What is done once must not be counted among what a call takes.
    provide((_, response) => response.end());
    await callBuffered(call('first'));
  });
  afterAll(async () => {
    await served?.close();
    await world?.close();
  });
  beforeEach(() => {
    world.arrived.length = 0;
  });

  /** What the provider does, which never ends its answer; `ended` is when its caller has gone. */
  const provide = (respond: Respond) => {
    ended = new Promise((resolve) => {
      world.provide((arrived, response) => {
        response.once('close', resolve);
        return respond(arrived, response);
      });
    });
  };
  const call = (reason: string, method = 'GET') => ({
    method,
    url: `${world.api}/x`,
    provider_id: 'slow',
    reason,
  });
  const readRecords = async (reason: string) => {
    const isOver = async () =>
      (await world.records()).filter(
        (record) => record.reason === reason && record.kind === 'access.outcome',
      );
    await expect.poll(async () => (await isOver()).length).toBe(1);
    return (await world.records()).filter((record) => record.reason === reason);
  };
  const callBuffered = (body: Json, server = served) =>
    server.send(
      'POST',
      '/sdk/proxy',
      signPost(world.stack.vault, '/sdk/proxy', JSON.stringify(body)),
      Buffer.from(JSON.stringify(body)),
    );

  it.each<[string, Respond]>([
    ['says nothing', () => {}],
    ['sends a head and no more', (_, response) => response.writeHead(200).flushHeaders()],
    ['drips its body for ever', (_, response) => drip(() => response.write('x'), response)],
  ])(
    'a buffered call to one that %s: 504 upstream_timeout, on record, the connection ended',
    async (name, respond) => {
      provide(respond);
      const startedAtMs = performance.now();
      const { status, body } = await callBuffered({ ...call(name, 'POST'), body: { n: 1 } });
      expect(performance.now() - startedAtMs).toBeGreaterThanOrEqual(limits.callMs - 50);
      expect([status, body]).toEqual([504, expect.objectContaining({ error: 'provider_timeout' })]);
      expect(body).toMatchObject({
        retryable: true,
        timeout_reason: 'upstream_timeout',
        provider_id: 'slow',
        host: new URL(world.api).host,
      });
      expect(JSON.stringify(body)).not.toContain('slow-value');
      await ended;
      expect(world.arrived).toHaveLength(1);
      expect(await readRecords(name)).toMatchObject([
        { kind: 'access.proxy', outcome: 'started' },
        { kind: 'access.outcome', outcome: 'no_answer', error_code: 'provider_timeout', request_bytes: 7 },
      ]);
    },
  );

  it('a call whose time was over before it could be made: 504 gateway_timeout, nothing was sent', async () => {
    const late = await serveVault(world.stack.vault, { callMs: 0 });
    const { status, body } = await callBuffered(call('late'), late);
    await late.close();
    expect([status, body.error, body.timeout_reason]).toEqual([504, 'provider_timeout', 'gateway_timeout']);
    expect(world.arrived).toEqual([]);
    expect((await readRecords('late'))[1]).toMatchObject({
      outcome: 'no_answer',
      error_code: 'provider_timeout',
    });
  });

  it('a stream that does not begin: 504 after the silence, on record', async () => {
    provide(() => {});
    const answer = await openStream(served, world.stack.vault, call('no head'), undefined);
    expect(answer.statusCode).toBe(504);
    expect(JSON.parse(await readText(answer))).toMatchObject({
      error: 'provider_timeout',
      timeout_reason: 'upstream_timeout',
    });
    await ended;
    expect((await readRecords('no head'))[1]).toMatchObject({
      outcome: 'no_answer',
      error_code: 'provider_timeout',
    });
  });

  it('a stream that falls silent breaks off, and is on record with what had come', async () => {
    provide((_, response) => response.writeHead(200).write('begun'));
    const answer = await openStream(served, world.stack.vault, call('silent'), undefined);
    let text = '';
    answer.on('data', (chunk: Buffer) => {
      text += chunk.toString();
    });
    await once(answer, 'error');
    expect([answer.complete, text.endsWith('\nbegun')]).toEqual([false, true]);
    await ended;
    expect((await readRecords('silent'))[1]).toMatchObject({
      outcome: 'broken_off',
      status: 200,
      response_bytes: 5,
      error_code: 'provider_timeout',
    });
  });

  it('A2: a stream whose token was refused, and whose grant is gone by then, is ended and on record', async () => {
    const grantId = await world.connect();
    provide(async (_, response) => {
      await world.stack.vault.signedFetch('POST', `/sdk/oauth/grants/${grantId}/revoke`, {});
      response.writeHead(401).write('a body that nobody reads to its end');
    });
    const { provider_id: _, ...rest } = call('taken back');
    const answer = await openStream(served, world.stack.vault, { ...rest, grant_id: grantId }, undefined);
    expect([answer.statusCode, JSON.parse(await readText(answer)).error]).toEqual([403, 'grant_revoked']);
    await ended;
    expect((await readRecords('taken back'))[1]).toMatchObject({ outcome: 'provider_error', status: 401 });
  });

  it('a stream that moves, however slowly, is longer than the silence', async () => {
    provide((_, response) => drip(() => response.write('x'), response, 30));
    const answer = await openStream(served, world.stack.vault, call('slow'), undefined);
    expect(await readText(answer)).toMatch(/\nx{30}$/);
    expect((await readRecords('slow'))[1]).toMatchObject({ outcome: 'ok', response_bytes: 30 });
  });

  it('a caller that takes nothing is not waited for', async () => {
    const piece = Buffer.alloc(1024 * 1024, 'x');
    provide(async (_, response) => {
      while (!response.destroyed) {
        // Waits for ever once the vault has gone.
        if (!response.write(piece)) await once(response, 'drain');
      }
    });
    const answer = await openStream(served, world.stack.vault, call('unread'), undefined);
    await ended;
    expect((await readRecords('unread'))[1]).toMatchObject({
      outcome: 'broken_off',
      error_code: 'provider_timeout',
    });
    answer.destroy();
  });

  it('a caller that takes nothing is not waited for where the provider has long said everything', async () => {
    const { deps } = world.stack.vault;
    // More than the sockets between here and the caller hold; nothing of it is still to come.
    const body = () => Readable.from([Buffer.alloc(48 * 1024 * 1024, 'x')]);
    const egress = { ...deps.egress, stream: async () => ({ status: 200, headers: [], body: body() }) };
    const server = await serveVault({ ...world.stack.vault, deps: { ...deps, egress } }, limits);
    const answer = await openStream(server, world.stack.vault, call('unread to the end'), undefined);
    expect((await readRecords('unread to the end'))[1]).toMatchObject({ outcome: 'broken_off', status: 200 });
    answer.destroy();
    await server.close();
  });
});

/** Does something every 50 ms while the other side is there, `times` times at most. */
function drip(write: () => unknown, response: Parameters<Respond>[1], times = Number.POSITIVE_INFINITY) {
  let done = 0;
  const timer = setInterval(() => {
    if (done < times) write();
    else response.end();
    done += 1;
  }, 50);
  response.once('close', () => clearInterval(timer));
}
