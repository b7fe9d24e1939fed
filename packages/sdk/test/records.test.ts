import { setTimeout as delay } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { type App, GrantRevokedError } from '../src/index.js';
import { sendJson } from './servers/recording-server.js';
import { useTestBed } from './servers/test-bed.js';
import { grantId, tokenAnswer } from './servers/vault-server.js';

const bed = useTestBed();

it('close() waits for calls under way and for every record', async () => {
  const app = bed.makeApp();
  bed.vault.answer('recordApiCall', async (_, response) => {
    await delay(50);
    sendJson(response, 200, { recorded: true });
  });
  bed.provide(async (_, response) => {
    await delay(20);
    sendJson(response, 200, {});
  });
  const calls = [1, 2, 3].map(() => app.request('GET', bed.provider.url, { grantId }));
  await app.close();
  expect(bed.vault.at('recordApiCall')).toHaveLength(3);
  expect((await Promise.all(calls)).map((each) => each.status)).toEqual([200, 200, 200]);
});

it('S13: await using closes', async () => {
  let kept: App;
  {
    await using app = bed.makeApp();
    kept = app;
    await app.request('GET', bed.provider.url, { grantId });
  }
  expect(bed.vault.at('recordApiCall')).toHaveLength(1);
  await expect(kept.listGrants()).rejects.toMatchObject({ code: 'sdk_closed' });
});

it('an outcome that cannot be recorded is a warning, not an error of the call', async () => {
  const app = bed.makeApp();
  bed.vault.answerJson('recordApiCall', [403, { error: 'insufficient_scope', message: 'needs audit:emit' }]);
  expect((await app.request('GET', bed.provider.url, { grantId })).status).toBe(200);
  await app.close();
  expect(bed.warnings).toEqual([
    'alter-sdk: the outcome of a call could not be recorded (insufficient_scope)',
  ]);
});

it('no record is posted where the credential was not released', async () => {
  const app = bed.makeApp();
  bed.vault.answerJson('retrieveToken', [403, { error: 'grant_revoked', message: 'm' }]);
  await expect(app.request('GET', bed.provider.url, { grantId })).rejects.toBeInstanceOf(GrantRevokedError);
  await app.close();
  expect(bed.vault.at('recordApiCall')).toEqual([]);
});

it('long, endless, binary and empty bodies are named; the caller gets them whole', async () => {
  const app = bed.makeApp();
  const long = 'x'.repeat(50_000);
  const bodies = ['declared', 'chunked', 'binary', 'empty'];
  bed.provide(({ target }, response) => {
    if (target === '/declared') response.writeHead(200, { 'content-length': long.length }).end(long);
    else if (target === '/chunked') response.writeHead(200).write(long, () => response.end(long));
    else if (target === '/binary') response.end(Buffer.from([0xff, 0xfe]));
    else response.writeHead(204).end();
  });
  const lengths: number[] = [];
  for (const name of bodies) {
    const response = await app.request('GET', `${bed.provider.url}/${name}`, { grantId });
    lengths.push((await response.arrayBuffer()).byteLength);
  }
  expect(lengths).toEqual([50_000, 100_000, 2, 0]);
  bed.provide((_, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' }).write('data: 1\n\n');
  });
  const controller = new AbortController();
  const stream = await app.request('GET', `${bed.provider.url}/events`, {
    grantId,
    signal: controller.signal,
  });
  const reader = stream.body?.getReader();
  expect(new TextDecoder().decode((await reader?.read())?.value)).toBe('data: 1\n\n');
  // The signal ends a stream, too, long after the call was answered.
  controller.abort();
  await expect(reader?.read()).rejects.toThrow();
  await app.close();
  const recorded = bed.vault.bodies('recordApiCall').map((each) => [each.url, each.response_body]);
  expect(Object.fromEntries(recorded)).toEqual({
    [`${bed.provider.url}/declared`]: '<response too large: 50000 bytes>',
    [`${bed.provider.url}/chunked`]: '<response too large: more than 10000 bytes>',
    [`${bed.provider.url}/binary`]: '<binary body: 2 bytes>',
    [`${bed.provider.url}/empty`]: '',
    [`${bed.provider.url}/events`]: '<event stream>',
  });
});

it('very large JSON is only named in the record', async () => {
  const app = bed.makeApp();
  await app.request('POST', bed.provider.url, { grantId, json: ['y'.repeat(200_000)] });
  expect(bed.provider.arrived[0]?.body).toHaveLength(200_004);
  await app.close();
  expect(bed.vault.bodies('recordApiCall')[0]?.request_body).toBe('<body too large: 200004 bytes>');
});

it('records hold no sensitive header and no query parameter of the call', async () => {
  const app = bed.makeApp();
  bed.provide((_, response) => sendJson(response, 200, {}, { 'set-cookie': 'sid=1', 'x-request-id': 'r' }));
  await app.request('GET', bed.provider.url, {
    grantId,
    queryParams: { code: 'private' },
    extraHeaders: { Cookie: 'a=b', 'X-Trace': 't' },
  });
  expect(bed.provider.arrived[0]?.headers.cookie).toBe('a=b');
  await app.close();
  const [record] = bed.vault.bodies('recordApiCall');
  expect(record?.url).toBe(`${bed.provider.url}/`);
  expect(record?.request_headers).toEqual({
    'user-agent': expect.stringMatching(/^alter-sdk-typescript\/\d/),
    'x-trace': 't',
  });
  expect(record?.response_headers).toMatchObject({ 'x-request-id': 'r' });
  expect(record?.response_headers).not.toHaveProperty('set-cookie');
});

it('learns the rate limit of the last answer, and warns of a deprecated key once', async () => {
  const app = bed.makeApp();
  expect(app.lastRateLimit).toBeUndefined();
  bed.vault.answerJson('retrieveToken', [
    200,
    tokenAnswer([bed.provider.host]),
    {
      'X-RateLimit-Limit': '100',
      'X-RateLimit-Remaining': '42',
      'X-RateLimit-Reset': '1800000000',
      'X-Alter-Key-Deprecated': 'true',
    },
  ]);
  await app.request('GET', bed.provider.url, { grantId });
  await app.request('GET', bed.provider.url, { grantId });
  expect(app.lastRateLimit).toEqual({ limit: 100, remaining: 42, resetAtSeconds: 1_800_000_000 });
  expect(bed.warnings).toEqual([expect.stringContaining('deprecated')]);
});

it('the signature covers the path without the prefix of the base URL', async () => {
  bed.vault.answerJson('listScopes', [
    200,
    { scope_version: 1, resources: {}, action_verbs: [], deprecated: [] },
  ]);
  const app = bed.makeApp({ baseUrl: `${bed.vault.url}/pre/` });
  await expect(app.listScopes()).rejects.toMatchObject({ code: 'not_found' });
  expect(bed.vault.arrived[0]?.target).toBe('/pre/sdk/scopes');
  // The server of the tests does not strip the prefix, as one behind a mount has to: it finds another path signed.
  expect(bed.vault.faults.splice(0)).toEqual(['bad signature at /pre/sdk/scopes']);
});
