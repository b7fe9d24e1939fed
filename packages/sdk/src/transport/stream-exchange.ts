import { type Agent, type IncomingMessage, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { describeFailure } from './failure.js';

/** The vault's answer as far as its head: the rest is still to be read. */
export interface OpenAnswer {
  readonly status: number;
  readonly message: IncomingMessage;
}

/** What is sent: the first line, and the bytes that follow it. */
interface StreamedInit {
  readonly headers: Record<string, string>;
  readonly firstLine: string;
  readonly rest: AsyncIterable<Uint8Array> | undefined;
}

/**
 * Sends a body that is a line and a stream, only as fast as the vault takes it, and gives the answer when its head is there.
 * @throws {TimeoutError} nothing moved for `timeoutMs` before that.
 * @throws {NetworkError} no connection, or it broke.
 * @throws the signal's reason, or what the source of the body throws.
 */
export function openStreamedExchange(
  agent: Agent,
  url: string,
  init: StreamedInit,
  limits: { timeoutMs: number; signal: AbortSignal | undefined },
): Promise<OpenAnswer> {
  const { timeoutMs, signal } = limits;
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const send = url.startsWith('https:') ? requestHttps : requestHttp;
    let isTimeout = false;
    let sourceFailure: { readonly error: unknown } | undefined;
    const request = send(url, { method: 'POST', headers: init.headers, agent }, (message) => {
      clearTimeout(timer);
      resolve({ status: message.statusCode ?? 0, message });
    });
    const abort = () => request.destroy();
    const timer = setTimeout(() => {
      isTimeout = true;
      request.destroy();
    }, timeoutMs);
    // The signal ends the answer's body too; it is let go with the connection.
    signal?.addEventListener('abort', abort);
    request.once('close', () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', abort);
    });
    request.on('error', (error) => {
      if (signal?.aborted === true) reject(signal.reason);
      else reject(sourceFailure ? sourceFailure.error : describeFailure('vault', error, isTimeout));
    });
    request.write(init.firstLine);
    pour(init.rest, request, () => timer.refresh()).catch((error: unknown) => {
      sourceFailure = { error };
      request.destroy(new Error('the source of the body failed'));
    });
  });
}

/** The bytes of an answer that is read to its end, or given up: then the connection ends, and with it the call. */
export async function* readRest(message: IncomingMessage): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    for await (const chunk of message) yield chunk as Buffer;
  } catch (error) {
    throw describeFailure('vault', error, false);
  } finally {
    message.destroy();
  }
}

async function pour(
  source: AsyncIterable<Uint8Array> | undefined,
  request: ReturnType<typeof requestHttp>,
  onMove: () => void,
): Promise<void> {
  for await (const chunk of source ?? []) {
    // An answer that came early, or a connection that broke, wants no more of it.
    if (request.destroyed) return;
    onMove();
    if (!request.write(chunk)) await waitForDrain(request);
  }
  request.end();
}

function waitForDrain(request: ReturnType<typeof requestHttp>): Promise<void> {
  return new Promise((resolve) => {
    const stop = () => {
      request.off('drain', stop);
      request.off('close', stop);
      resolve();
    };
    request.on('drain', stop);
    request.on('close', stop);
  });
}
