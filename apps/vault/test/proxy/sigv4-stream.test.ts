import { createHash } from 'node:crypto';
import { verifySigV4 } from '@alter-ai/emulator';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { describeBothDatabases } from '../harness.js';
import { type ServedVault, serveVault } from '../server/socket.js';
import { listHeader, type ProxyWorld, readBody, startProxyWorld } from './proxy-world.js';
import { openStream, readText } from './signed-call.js';

const key = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY' };

describeBothDatabases('SigV4 of bodies that are streamed', (kind) => {
  let world: ProxyWorld;
  let served: ServedVault;
  beforeAll(async () => {
    world = await startProxyWorld(kind, {
      app: (host) => ({
        managed_secrets: ['s3', 's3express', 'lambda', 'execute-api', 'es'].map((service) => ({
          slug: service,
          kind: 'aws_sigv4',
          hosts: [host],
          region: 'eu-west-1',
          service,
          access_key_id: key.accessKeyId,
          secret_access_key: key.secretAccessKey,
        })),
      }),
    });
    world.provide((arrived, response) => {
      const verdict = verifySigV4({ ...arrived, body: arrived.bytes }, key);
      response.writeHead(verdict === 'ok' ? 200 : 403).end(verdict);
    });
    served = await serveVault(world.stack.vault);
  });
  afterAll(async () => {
    await served?.close();
    await world?.close();
  });
  beforeEach(() => {
    world.arrived.length = 0;
  });
  const open = (slug: string, method: string, body?: string) =>
    openStream(
      served,
      world.stack.vault,
      { method, url: `${world.api}/a`, provider_id: slug, reason: slug },
      body,
    );

  it.each(['s3', 's3express'])('%s takes one: UNSIGNED-PAYLOAD, and the bytes as they are', async (slug) => {
    const answer = await open(slug, 'PUT', 'the bytes');
    await readText(answer);
    const [arrived] = world.arrived;
    expect(arrived?.body).toBe('the bytes');
    expect(listHeader(arrived, 'x-amz-content-sha256')).toEqual(['UNSIGNED-PAYLOAD']);
    expect(listHeader(arrived, 'authorization')[0]).toMatch(/SignedHeaders=[^,]*x-amz-content-sha256/);
  });

  it.each(['lambda', 'execute-api', 'es'])('%s does not: refused in words, nothing sent', async (slug) => {
    const answer = await open(slug, 'POST', '{"n":1}');
    expect(answer.statusCode).toBe(400);
    expect(JSON.parse(await readText(answer))).toMatchObject({
      error: 'invalid_request',
      field: 'has_body',
      message: expect.stringMatching(new RegExp(`service ${slug} .*proxyRequest`)),
    });
    expect(world.arrived).toEqual([]);
    const [record] = (await world.records()).filter(
      ({ reason, provider_id }) => reason === slug && provider_id,
    );
    expect(record).toMatchObject({ kind: 'access.proxy', outcome: 'refused', error_code: 'invalid_request' });
  });

  it('what the refusal points to works: the body is hashed, and a stream without one is signed', async () => {
    const call = { method: 'POST', url: `${world.api}/a`, provider_id: 'lambda', body: { n: 1 } };
    expect(readBody((await world.proxy(call)).body)).toBe('ok');
    const hash = createHash('sha256').update('{"n":1}').digest('hex');
    expect(listHeader(world.arrived[0], 'x-amz-content-sha256')).toEqual([hash]);
    expect(await readText(await open('lambda', 'GET'))).toMatch(/^\{"status_code":200.*\}\nok$/);
  });
});
