import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { performRequest } from '../src/calls/request.js';
import type { RequestOptions } from '../src/calls/request-options.js';
import {
  BackendError,
  NetworkError,
  ProviderAPIError,
  RateLimitError,
  TokenRefreshInProgressError,
} from '../src/index.js';
import { readClientOptions } from '../src/options/client-options.js';
import { type Runtime, systemRuntime } from '../src/transport/runtime.js';
import { closeVaultClient, createVaultClient } from '../src/vault/vault-client.js';
import { sendJson } from './servers/recording-server.js';
import { useTestBed } from './servers/test-bed.js';
import { apiKey, grantId, tokenAnswer } from './servers/vault-server.js';

const bed = useTestBed();

/** A clock that moves only when somebody waits. */
function makeClock(onSleep: (count: number) => Promise<void> = async () => {}) {
  const sleptMs: number[] = [];
  let nowMs = 0;
  const runtime: Runtime = {
    ...systemRuntime,
    monotonicMs: () => nowMs,
    async sleep(durationMs) {
      sleptMs.push(durationMs);
      nowMs += durationMs;
      await onSleep(sleptMs.length);
    },
  };
  return { runtime, sleptMs };
}

async function request(
  runtime: Runtime,
  options: RequestOptions = {},
  method = 'GET',
  baseUrl = bed.vault.url,
) {
  const logger = { warn: () => {} };
  const client = createVaultClient(readClientOptions({ apiKey, baseUrl, logger }), runtime);
  try {
    return await performRequest(client, method, bed.provider.url, { grantId, ...options });
  } finally {
    await closeVaultClient(client);
  }
}

describe("at the vault's endpoints", () => {
  it('a refresh under way is waited for, with a new nonce each time', async () => {
    const { runtime, sleptMs } = makeClock();
    const busy = { error: 'token_refresh_in_progress', message: 'm' };
    bed.vault.answerJson(
      'retrieveToken',
      [409, busy, { 'retry-after': '2' }],
      [409, busy],
      [200, tokenAnswer([bed.provider.host])],
    );
    expect((await request(runtime)).status).toBe(200);
    expect(sleptMs).toEqual([2000, 1000]);
    const nonces = bed.vault.at('retrieveToken').map((each) => each.headers['x-alter-nonce']);
    expect(new Set(nonces).size).toBe(3);
  });

  it('is repeated at most twice, then the error says when to come back', async () => {
    const { runtime, sleptMs } = makeClock();
    const busy = { error: 'token_refresh_in_progress', message: 'm', retryable: true };
    bed.vault.answerJson('retrieveToken', [409, busy, { 'retry-after': '3' }]);
    const error = await request(runtime).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(TokenRefreshInProgressError);
    expect(error).toMatchObject({ retryAfterSeconds: 3, retryable: true, grantId });
    expect(sleptMs).toEqual([3000, 3000]);
    expect(bed.vault.at('retrieveToken')).toHaveLength(3);
  });

  it('429 and 503 are repeated only with Retry-After', async () => {
    const limited = {
      error: 'rate_limit_exceeded',
      message: 'm',
      scope: 'api_key',
      limit: 5,
      window_seconds: 60,
    };
    for (const [status, body] of [
      [429, limited],
      [503, { error: 'service_unavailable', message: 'm' }],
    ] as const) {
      const { runtime, sleptMs } = makeClock();
      const before = bed.vault.at('retrieveToken').length;
      bed.vault.answerJson(
        'retrieveToken',
        [status, body, { 'retry-after': '1' }],
        [200, tokenAnswer([bed.provider.host])],
      );
      await request(runtime);
      expect(sleptMs).toEqual([1000]);
      bed.vault.answerJson('retrieveToken', [status, body]);
      await expect(request(runtime)).rejects.toBeInstanceOf(BackendError);
      expect(bed.vault.at('retrieveToken').length - before).toBe(3);
    }
  });

  it('never waits past the deadline', async () => {
    const { runtime, sleptMs } = makeClock();
    const body = { error: 'rate_limit_exceeded', message: 'm', scope: 'ip', limit: 5, window_seconds: 60 };
    bed.vault.answerJson('retrieveToken', [429, body, { 'retry-after': '31' }]);
    const error = await request(runtime).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(RateLimitError);
    expect(error).toMatchObject({ retryAfterSeconds: 31, scope: 'ip', limit: 5, windowSeconds: 60 });
    expect(sleptMs).toEqual([]);
  });

  it('other errors are not repeated', async () => {
    const { runtime, sleptMs } = makeClock();
    bed.vault.answerJson('retrieveToken', [500, { error: 'internal_error', message: 'm' }]);
    await expect(request(runtime)).rejects.toBeInstanceOf(BackendError);
    expect(bed.vault.at('retrieveToken')).toHaveLength(1);
    bed.vault.answer('retrieveToken', (_, response) => response.destroy());
    await expect(request(runtime)).rejects.toBeInstanceOf(NetworkError);
    expect(bed.vault.at('retrieveToken')).toHaveLength(2);
    expect(sleptMs).toEqual([]);
  });

  it('a refused connection is tried again: the vault may be starting', async () => {
    const server = createServer((_, response) => sendJson(response, 200, tokenAnswer([bed.provider.host])));
    const listen = (port: number) =>
      new Promise<number>((resolve) =>
        server.listen(port, '127.0.0.1', () => resolve((server.address() as AddressInfo).port)),
      );
    const port = await listen(0);
    await new Promise((resolve) => server.close(resolve));
    const { runtime, sleptMs } = makeClock(async (count) => {
      if (count === 2) await listen(port);
    });
    const response = await request(runtime, {}, 'GET', `http://127.0.0.1:${port}`);
    expect(response.status).toBe(200);
    expect(sleptMs).toEqual([100, 200]);
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));

    const gone = makeClock();
    const error = await request(gone.runtime, {}, 'GET', `http://127.0.0.1:${port}`).catch((e: unknown) => e);
    expect(error).toMatchObject({
      code: 'network_error',
      details: { peer: 'vault', cause_code: 'ECONNREFUSED' },
    });
    expect(gone.sleptMs).toEqual([100, 200]);
  });
});

describe('at the provider', () => {
  it('a call is never repeated without being asked to', async () => {
    const { runtime, sleptMs } = makeClock();
    bed.provide((_, response) => response.writeHead(503, { 'retry-after': '1' }).end());
    await expect(request(runtime)).rejects.toBeInstanceOf(ProviderAPIError);
    expect(bed.provider.arrived).toHaveLength(1);
    expect(sleptMs).toEqual([]);
  });

  it('retry: true repeats idempotent calls, with one release and a record of each attempt', async () => {
    const { runtime, sleptMs } = makeClock();
    bed.provide((_, response) => {
      const count = bed.provider.arrived.length;
      if (count === 1) response.destroy();
      else response.writeHead(count === 2 ? 429 : 200, { 'retry-after': '4' }).end();
    });
    expect((await request(runtime, { retry: true }, 'DELETE')).status).toBe(200);
    expect(sleptMs).toEqual([250, 4000]);
    expect(bed.vault.at('retrieveToken')).toHaveLength(1);
    expect(
      bed.vault
        .bodies('recordApiCall')
        .map((each) => each.response_status)
        .sort(),
    ).toEqual([0, 200, 429]);
  });

  it('retry: true gives up after three attempts and does not repeat what will not help', async () => {
    const { runtime } = makeClock();
    bed.provide((_, response) => response.writeHead(502).end());
    await expect(request(runtime, { retry: true })).rejects.toMatchObject({ statusCode: 502 });
    expect(bed.provider.arrived).toHaveLength(3);
    bed.provide((_, response) => response.writeHead(404).end());
    await expect(request(runtime, { retry: true })).rejects.toMatchObject({ statusCode: 404 });
    expect(bed.provider.arrived).toHaveLength(4);
  });
});
