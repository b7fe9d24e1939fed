import { once } from 'node:events';
import { setImmediate } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeBothDatabases } from '../harness.js';
import { type ServedVault, serveVault } from '../server/socket.js';
import { type ProxyWorld, startProxyWorld } from './proxy-world.js';
import { openStream, readText } from './signed-call.js';

const value = 'echoed+secret/value=1';

describeBothDatabases('B7: a credential that comes back in a stream', (kind) => {
  let world: ProxyWorld;
  let served: ServedVault;
  beforeAll(async () => {
    world = await startProxyWorld(kind, {
      app: (host) => ({ managed_secrets: [{ slug: 'key', kind: 'bearer', hosts: [host], value }] }),
    });
    served = await serveVault(world.stack.vault);
  });
  afterAll(async () => {
    await served?.close();
    await world?.close();
  });
  const open = (reason: string) =>
    openStream(
      served,
      world.stack.vault,
      { method: 'GET', url: world.api, provider_id: 'key', reason },
      undefined,
    );
  const findKinds = async (reason: string) =>
    (await world.records())
      .filter((record) => record.reason === reason)
      .map(({ kind: name, outcome }) => [name, outcome]);
  const expected = [
    ['access.proxy', 'started'],
    ['access.outcome', 'credential_echoed'],
    ['security.credential_echoed', 'deny'],
  ];

  it.each([
    ['plain', value],
    ['base64', Buffer.from(`x${value}`).toString('base64')],
    ['url', encodeURIComponent(value)],
  ])('in a body (%s): cut off before it, and a security event', async (form, text) => {
    world.provide(async (_, response) => {
      response.writeHead(200).write('before ');
      for (let at = 0; at < text.length; at += 5) {
        response.write(text.slice(at, at + 5));
        await setImmediate();
      }
      response.end(' after');
    });
    const answer = await open(form);
    let received = '';
    answer.on('data', (chunk: Buffer) => {
      received += chunk.toString();
    });
    await once(answer, 'error');
    expect(answer.complete).toBe(false);
    expect(received.split('\n')[1]).toMatch(/^before .{0,3}$/);
    await expect.poll(() => findKinds(form)).toEqual(expected);
    expect(JSON.stringify(await world.records())).not.toContain(value);
  });

  it('in a header: credential_echoed, and a security event', async () => {
    world.provide((_, response) => response.writeHead(200, { 'x-echo': `Bearer ${value}` }).end('fine'));
    const answer = await open('header');
    const text = await readText(answer);
    expect([answer.statusCode, text.includes(value)]).toEqual([502, false]);
    expect(JSON.parse(text)).toMatchObject({ error: 'credential_echoed', place: 'header' });
    await expect.poll(() => findKinds('header')).toEqual(expected);
  });
});
