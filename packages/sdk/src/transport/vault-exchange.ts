import { Agent as HttpAgent, type IncomingMessage, request as requestHttp } from 'node:http';
import { Agent as HttpsAgent, request as requestHttps } from 'node:https';
import { describeFailure } from './failure.js';

const agentOptions = { keepAlive: true, maxSockets: 100, maxFreeSockets: 20, timeout: 30_000 };

/** Looks a header up by its lower-case name. */
export type HeaderReader = Pick<Headers, 'get'>;

/** The vault's answer, read whole. */
export interface VaultAnswer {
  readonly status: number;
  readonly headers: HeaderReader;
  readonly text: string;
}

/** Connections to one vault, kept for reuse; idle ones do not keep the process alive. */
export function createVaultAgent(baseUrl: string): HttpAgent {
  return baseUrl.startsWith('https:') ? new HttpsAgent(agentOptions) : new HttpAgent(agentOptions);
}

/**
 * One request to the vault under a deadline; redirects are not followed. node:http, because it costs less than half of
 * what fetch does, twice in every call (M4).
 * @throws {TimeoutError} no whole answer within `timeoutMs`.
 * @throws {NetworkError} no connection, or it broke.
 * @throws the signal's reason, when the caller's own signal is aborted.
 */
export function exchangeWithVault(
  agent: HttpAgent,
  url: string,
  init: { method: string; headers: Record<string, string>; content: string | undefined },
  limits: { timeoutMs: number; signal: AbortSignal | undefined },
): Promise<VaultAnswer> {
  const { timeoutMs, signal } = limits;
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const send = url.startsWith('https:') ? requestHttps : requestHttp;
    let isTimeout = false;
    const fail = (error: unknown) => {
      finish();
      reject(signal?.aborted === true ? signal.reason : describeFailure('vault', error, isTimeout));
    };
    const request = send(url, { method: init.method, headers: init.headers, agent }, (message) => {
      readWhole(message).then((text) => {
        finish();
        resolve({ status: message.statusCode ?? 0, headers: readHeaders(message), text });
      }, fail);
    });
    const abort = () => request.destroy();
    const timer = setTimeout(
      () => {
        isTimeout = true;
        request.destroy();
      },
      Math.max(1, timeoutMs),
    );
    const finish = () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', abort);
    };
    signal?.addEventListener('abort', abort);
    request.on('error', fail);
    request.end(init.content);
  });
}

async function readWhole(message: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}

function readHeaders(message: IncomingMessage): HeaderReader {
  return {
    get: (name) => {
      const value = message.headers[name];
      return Array.isArray(value) ? value.join(', ') : (value ?? null);
    },
  };
}
