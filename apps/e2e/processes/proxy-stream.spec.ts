import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { NetworkError, RestrictedGrantRequiresProxyError } from '@alter-ai/alter-sdk';
import { expect, test } from '@playwright/test';
import { type Stack, startStack } from '../harness/stack.js';

const mebibyte = 1024 * 1024;
/** `ALTER_STREAM_MIB=1024` is the whole gigabyte. */
const totalBytes = Number(process.env.ALTER_STREAM_MIB ?? 64) * mebibyte;
const key = 'MARK+stream/key-5b1f0a7c93';
const chunk = randomBytes(64 * 1024);

let server: Server;
let api: string;
let stack: Stack;
let respond: (request: IncomingMessage, response: ServerResponse) => Promise<unknown>;

test.beforeAll(async () => {
  server = createServer(
    (request, response) => void respond(request, response).catch(() => response.destroy()),
  );
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  api = `http://${host}`;
  stack = await startStack({
    app: {
      managed_secrets: [{ slug: 'store', kind: 'bearer', hosts: [host], value: key, proxy_only: true }],
    },
  });
});
test.afterAll(async () => {
  server?.closeAllConnections();
  server?.close();
  await stack?.close();
});

/** Writes as much as the other side takes; answers what was written when it is over. */
async function writeMuch(response: ServerResponse, bytes: number, count: (written: number) => void) {
  const hash = createHash('sha256');
  const closed = once(response, 'close');
  for (let written = 0; written < bytes && !response.destroyed; written += chunk.length) {
    hash.update(chunk);
    count(written + chunk.length);
    if (!response.write(chunk)) await Promise.race([once(response, 'drain'), closed]);
  }
  response.end();
  return hash.digest('hex');
}

async function* makeMuch(bytes: number, hash: ReturnType<typeof createHash>) {
  for (let sent = 0; sent < bytes; sent += chunk.length) {
    hash.update(chunk);
    yield chunk;
  }
}

function readMemory(): number {
  const status = readFileSync(`/proc/${stack.vault.child.pid}/status`, 'utf8');
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) * 1024;
}

async function digest(body: AsyncIterable<Uint8Array> | null, watch: () => void = () => {}) {
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const part of body ?? []) {
    hash.update(part);
    bytes += part.byteLength;
    watch();
  }
  return { bytes, sha256: hash.digest('hex') };
}

function listRecords(reason: string): Record<string, unknown>[] {
  const { stdout } = stack.vault.alter('audit', 'export', '--format', 'jsonl');
  const records = stdout.split('\n').flatMap((line) => (line.startsWith('{') ? [JSON.parse(line)] : []));
  return (records as Record<string, unknown>[]).filter((record) => record.reason === reason);
}

const call = (reason: string) => ({ provider: 'store', reason });

test('E4: a body of any size passes both ways, and the vault keeps none of it', async () => {
  test.setTimeout(600_000);
  let wanted = '';
  respond = async (request, response) => {
    const received = await digest(request);
    expect(request.headers.authorization).toBe(`Bearer ${key}`);
    response.writeHead(201, { 'x-received': received.sha256, 'x-bytes': String(received.bytes) });
    wanted = await writeMuch(response, totalBytes, () => {});
  };
  // Once before, so that what is loaded at first use does not count.
  await digest(
    (await stack.sdk.proxyStream('POST', api, { ...call('warm'), body: 'x' })).body?.pipeThrough(cut()) ??
      null,
  );
  const before = readMemory();
  let peak = before;
  const watch = () => {
    peak = Math.max(peak, readMemory());
  };
  const sent = createHash('sha256');
  const response = await stack.sdk.proxyStream('POST', `${api}/much`, {
    ...call('much'),
    body: makeMuch(totalBytes, sent),
    timeout: 120,
  });
  watch();
  expect(response.status).toBe(201);
  expect(response.headers.get('x-bytes')).toBe(String(totalBytes));
  expect(response.headers.get('x-received')).toBe(sent.digest('hex'));
  let parts = 0;
  const received = await digest(response.body, () => {
    parts += 1;
    if (parts % 50 === 0) watch();
  });
  expect(received).toEqual({ bytes: totalBytes, sha256: wanted });
  test
    .info()
    .annotations.push({ type: 'growth', description: `${((peak - before) / mebibyte).toFixed(1)} MiB` });
  expect(peak - before).toBeLessThan(50 * mebibyte);
  const [started, outcome] = listRecords('much');
  expect(started).toMatchObject({ kind: 'access.proxy', outcome: 'started' });
  expect(outcome).toMatchObject({
    kind: 'access.outcome',
    outcome: 'ok',
    status: 201,
    request_bytes: totalBytes,
    response_bytes: totalBytes,
    response_sha256: wanted,
  });
});

test('E4: a slow reader slows the provider', async () => {
  let written = 0;
  respond = async (_, response) => {
    await writeMuch(response, 256 * mebibyte, (bytes) => {
      written = bytes;
    });
  };
  const response = await stack.sdk.proxyStream('GET', `${api}/slow`, call('slow'));
  const reader = response.body?.getReader();
  await reader?.read();
  let last = -1;
  await expect
    .poll(
      () => {
        const isStill = written === last;
        last = written;
        return isStill;
      },
      { intervals: [300] },
    )
    .toBe(true);
  // What the buffers of three programs and the system hold, and nothing of the rest.
  expect(written).toBeLessThan(64 * mebibyte);
  const stopped = written;
  for (let read = 0; read < 64 * mebibyte; ) read += (await reader?.read())?.value?.byteLength ?? Infinity;
  await expect.poll(() => written).toBeGreaterThan(stopped);
  await reader?.cancel();
});

test('E4: an aborted caller ends the call at the provider, and it is on record', async () => {
  const delaysMs: number[] = [];
  for (let round = 0; round < 5; round += 1) {
    let ended: Promise<unknown> = Promise.resolve();
    respond = async (_, response) => {
      ended = once(response, 'close').then(() => performance.now());
      response.writeHead(200).write('begun');
    };
    const aborter = new AbortController();
    const response = await stack.sdk.proxyStream('GET', api, { ...call('gone'), signal: aborter.signal });
    const reader = response.body?.getReader();
    await reader?.read();
    const abortedAt = performance.now();
    aborter.abort();
    delaysMs.push(Number(await ended) - abortedAt);
    await expect(reader?.read()).rejects.toThrow();
  }
  expect(Math.min(...delaysMs)).toBeLessThan(100);
  await expect
    .poll(() => listRecords('gone').filter((record) => record.outcome === 'caller_gone').length)
    .toBe(5);
});

test('B7: a credential that comes back over the borders of chunks ends the answer, and no part of it passes', async () => {
  // In base64 the first three characters are those of `ab`; the third holds two bits of the credential, which tell nothing.
  const forms = [
    { form: key, passes: 0 },
    { form: encodeURIComponent(key), passes: 0 },
    { form: Buffer.from(`ab${key}`).toString('base64'), passes: 3 },
  ];
  for (const { form, passes } of forms) {
    respond = async (_, response) => {
      response.writeHead(200).write('before ');
      for (const part of [form.slice(0, 9), form.slice(9, 20), form.slice(20)]) {
        response.write(part);
        await new Promise((resolve) => setImmediate(resolve));
      }
      response.end(' after');
    };
    let text = '';
    const reading = (async () => {
      const response = await stack.sdk.proxyStream('GET', api, call('echo'));
      for await (const part of response.body ?? []) text += Buffer.from(part).toString();
    })();
    await expect(reading).rejects.toThrow(NetworkError);
    expect(`before ${form.slice(0, passes)}`.startsWith(text)).toBe(true);
  }
  const found = listRecords('echo').filter((record) => record.kind === 'security.credential_echoed');
  expect(found).toHaveLength(forms.length);
  expect(JSON.stringify(listRecords('echo'))).not.toContain(key);
});

test('B7: a secret marked proxy_only is not released to any key', async () => {
  await expect(stack.sdk.request('GET', api, call('retrieve'))).rejects.toThrow(
    RestrictedGrantRequiresProxyError,
  );
  respond = async (_, response) => response.end('fine');
  const answer = await stack.sdk.proxyRequest('GET', api, call('proxy'));
  expect([answer.statusCode, answer.text(), answer.ok]).toEqual([200, 'fine', true]);
});

/** Ends a stream after its first piece. */
function cut() {
  return new TransformStream<Uint8Array, Uint8Array>({
    transform(part, controller) {
      controller.enqueue(part);
      controller.terminate();
    },
  });
}
