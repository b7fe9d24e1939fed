import { connect, type Socket } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeBothDatabases } from '../harness.js';
import { type ProxyWorld, startProxyWorld } from '../proxy/proxy-world.js';
import { signPost } from '../proxy/signed-call.js';
import { type ServedVault, serveVault } from './socket.js';

const mebibyte = 1024 * 1024;

describeBothDatabases('T3: large bodies of many callers at once', (kind) => {
  let world: ProxyWorld;
  let served: ServedVault;
  beforeAll(async () => {
    world = await startProxyWorld(kind, {
      app: (host) => ({
        managed_secrets: [{ slug: 'key', kind: 'bearer', hosts: [host], value: 'key-value' }],
      }),
    });
    world.provide((_, response) => response.end());
    served = await serveVault(world.stack.vault, {}, { bodiesBytesMax: 8 * mebibyte });
  });
  afterAll(async () => {
    await served?.close();
    await world?.close();
  });

  const call = () => JSON.stringify({ method: 'POST', url: world.api, provider_id: 'key', body: 'x' });

  /** A signed request of which 3 MiB come and the rest does not; gives the socket once they are sent, and what is answered. */
  const beginLarge = (path = '/sdk/proxy') => {
    let socket: Socket | undefined;
    const answer = new Promise<string>((resolve) => {
      let text = '';
      const headers = {
        ...signPost(world.stack.vault, path, call()),
        'content-length': String(4 * mebibyte),
      };
      const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
      socket = connect(served.port, '127.0.0.1', () => {
        socket?.write(`POST ${path} HTTP/1.1\r\nHost: localhost\r\n${lines.join('')}\r\n`);
        socket?.write(Buffer.alloc(3 * mebibyte, 0x20));
      });
      socket.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
        if (text.includes('\r\n\r\n')) resolve(text);
      });
      socket.on('error', () => {});
      socket.once('close', () => resolve(text));
    });
    return { answer, end: () => socket?.destroy() };
  };
  const sendSmall = () =>
    served.send('POST', '/sdk/proxy', signPost(world.stack.vault, '/sdk/proxy', call()), Buffer.from(call()));

  it('beyond the budget: 503 with Retry-After, the others go on, and what they held is free afterwards', async () => {
    const before = (await world.records()).length;
    const held = [beginLarge(), beginLarge()];
    await new Promise((resolve) => setTimeout(resolve, 300));
    const refused = await beginLarge().answer;
    expect(refused).toMatch(/^HTTP\/1\.1 503 Service Unavailable\r\n/);
    expect(refused).toMatch(/\r\nretry-after: 1\r\n/i);
    expect(refused).toMatch(/\r\nconnection: close\b/i);
    expect(refused).toContain('"error":"service_unavailable"');
    expect(world.arrived).toEqual([]);
    expect(await world.records()).toHaveLength(before);
    expect((await sendSmall()).status).toBe(200);
    for (const one of held) one.end();
    await Promise.all(held.map((one) => one.answer));
    for (let turn = 0; turn < 4; turn += 1) {
      const again = beginLarge();
      const answer = await Promise.race([again.answer, new Promise((resolve) => setTimeout(resolve, 200))]);
      expect(answer).toBeUndefined();
      again.end();
      await again.answer;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  });
});
