import { verifySigV4 } from '@alter-ai/emulator';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeBothDatabases } from '../harness.js';
import { type ProxyWorld, startProxyWorld } from './proxy-world.js';

const key = {
  accessKeyId: 'AKIDEXAMPLE',
  secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY',
  sessionToken: 'IQoJb3JpZ2luX2VjE/+mark==',
};
const targets = [
  '/',
  '/a%20b/c',
  '/bucket/ünï/日本.txt',
  '/bucket//double//slash/',
  '/bucket/a+b=c&d',
  '/?list-type=2&prefix=',
  '/?empty&also=&z=1&a=2',
  '/?q=a%20b+c%2Fd&q=second',
];
const table = ['s3', 'execute-api'].flatMap((slug) => targets.map((target) => [slug, target] as const));

describeBothDatabases('SigV4 in the vault', (database) => {
  let world: ProxyWorld;
  beforeAll(async () => {
    world = await startProxyWorld(database, {
      app: (host) => ({
        managed_secrets: ['s3', 'execute-api'].map((service) => ({
          slug: service,
          kind: 'aws_sigv4',
          hosts: [host],
          region: 'eu-west-1',
          service,
          access_key_id: key.accessKeyId,
          secret_access_key: key.secretAccessKey,
          session_token: key.sessionToken,
        })),
      }),
    });
    world.provide((arrived, response) => {
      const verdict = verifySigV4({ ...arrived, body: arrived.bytes }, key);
      response.writeHead(verdict === 'ok' ? 200 : 403).end(verdict);
    });
  });
  afterAll(() => world?.close());

  it.each(table)('%s %s: accepted by a server that recomputes the signature', async (slug, target) => {
    for (const call of [
      { method: 'GET' },
      { method: 'POST', body: { text: 'naïve 🚀' }, headers: { 'X-Amz-Target': 'Do.It', Accept: '*/*' } },
      {
        method: 'PUT',
        body_b64: Buffer.from([0, 255, 10]).toString('base64'),
        query_params: { part: 1, tag: ['a b', 'ü'] },
      },
    ]) {
      const { body } = await world.proxy({ ...call, url: `${world.api}${target}`, provider_id: slug });
      expect([body.status_code, Buffer.from(String(body.body_b64), 'base64').toString()]).toEqual([
        200,
        'ok',
      ]);
    }
  });

  it('E3: a caller sets none of the headers of the signature', async () => {
    for (const name of [
      'X-Amz-Date',
      'x-amz-content-sha256',
      'X-Amz-Security-Token',
      'Date',
      'Authorization',
    ]) {
      const call = { method: 'GET', url: world.api, provider_id: 's3', headers: { [name]: 'forged' } };
      const { status, body } = await world.proxy(call);
      expect([name, status, body.error]).toEqual([name, 422, 'header_not_allowed']);
    }
  });
});
