import {
  headerNames,
  proxyStreamRequestSchema,
  proxyStreamResponseSchema,
  streamContentType,
  streamEndpoints,
} from '@alter-ai/core-contract';
import { type RequestOptions, readMethod, readRequestOptions } from '../calls/request-options.js';
import { buildVaultError } from '../error-mapping/error-answer.js';
import { AlterValueError } from '../errors/alter-sdk-error.js';
import { BackendError } from '../errors/backend-error.js';
import { checkCaller } from '../options/client-options.js';
import { resolveUserToken } from '../options/user-token.js';
import { readFirstLine } from '../transport/first-line.js';
import { type OpenAnswer, openStreamedExchange, readRest } from '../transport/stream-exchange.js';
import { learnFromAnswer } from '../vault/answer-headers.js';
import { encodeCallContext } from '../vault/call-context.js';
import { signCall } from '../vault/sign-call.js';
import { requireOpen, trackPending, type VaultClient } from '../vault/vault-client.js';
import { describeCall } from './describe-call.js';

/** Options of `App.proxyStream`: those of `request`, with a body that may be a source of bytes. */
export interface ProxyStreamOptions extends Omit<RequestOptions, 'json' | 'body' | 'retry'> {
  /** Bytes, text, or a source that is read as fast as the provider takes it; no Content-Type is added. */
  readonly body?: Uint8Array | string | AsyncIterable<Uint8Array> | ReadableStream<Uint8Array> | undefined;
  /** Length of a body that is a source; where absent it is sent in chunks. */
  readonly contentLength?: number | undefined;
}

const errorBytesMax = 1024 * 1024;

/** `App.proxyStream`. */
export function proxyStream(
  client: VaultClient,
  method: string,
  url: string,
  given: ProxyStreamOptions,
): Promise<Response> {
  requireOpen(client);
  return trackPending(client, runStream(client, method, url, given));
}

async function runStream(
  client: VaultClient,
  methodGiven: string,
  url: string,
  given: ProxyStreamOptions,
): Promise<Response> {
  const method = readMethod(methodGiven);
  const { body, contentLength, ...rest } = given;
  const options = readRequestOptions(method, rest, client.settings.timeoutMs);
  const source = readSource(method, body, contentLength);
  const userToken = await resolveUserToken(options.userToken, client.settings.userTokenGetter);
  const caller = options.caller === undefined ? undefined : checkCaller(options.caller);
  const call = {
    ...describeCall(method, url, options, userToken),
    has_body: source !== undefined,
    ...(source?.length !== undefined && { content_length: source.length }),
  };
  const checked = proxyStreamRequestSchema.safeParse(call);
  if (!checked.success) throw new AlterValueError(checked.error.issues[0]?.message ?? 'not valid');
  const { path } = streamEndpoints.proxyStream;
  const line = JSON.stringify(call);
  const { 'Content-Length': _length, ...headers } = signCall(client, 'POST', path, line, {
    caller,
    context: encodeCallContext(options.context),
  });
  const answer = await openStreamedExchange(
    client.agent,
    client.settings.baseUrl + path,
    {
      headers: { ...headers, 'Content-Type': streamContentType },
      firstLine: `${line}\n`,
      rest: source?.chunks,
    },
    { timeoutMs: options.timeoutMs, signal: options.signal },
  );
  const reader = { get: (name: string) => readHeader(answer, name) };
  learnFromAnswer(client, reader, caller !== undefined);
  if (answer.status !== 200) {
    const subject = { grantId: options.grantId, providerId: options.provider };
    throw buildVaultError(client.settings.baseUrl, answer.status, reader, await readText(answer), subject);
  }
  return toResponse(answer);
}

async function toResponse(answer: OpenAnswer): Promise<Response> {
  const head = parseHead(await readFirstLine(answer.message));
  if (head === undefined || readHeader(answer, 'content-type') !== streamContentType) {
    answer.message.destroy();
    throw new BackendError("the vault's answer to proxyStream is not of the protocol", {
      code: 'malformed_answer',
      statusCode: answer.status,
      details: { endpoint: 'proxyStream', request_id: readHeader(answer, headerNames.requestId) },
    });
  }
  const hasNoBody = [204, 205, 304].includes(head.status_code);
  if (hasNoBody) answer.message.resume();
  const body = hasNoBody ? null : ReadableStream.from(readRest(answer.message));
  return new Response(body as ReadableStream<Uint8Array<ArrayBuffer>> | null, {
    status: head.status_code,
    headers: head.headers,
  });
}

function parseHead(line: string | undefined) {
  try {
    const parsed = proxyStreamResponseSchema.safeParse(JSON.parse(line ?? ''));
    return parsed.success && parsed.data.status_code >= 200 && parsed.data.status_code <= 599
      ? parsed.data
      : undefined;
  } catch {
    return undefined;
  }
}

/** The body as a source, with its length where that is known. */
function readSource(
  method: string,
  body: ProxyStreamOptions['body'],
  contentLength: number | undefined,
): { chunks: AsyncIterable<Uint8Array>; length: number | undefined } | undefined {
  if (body === undefined) return undefined;
  if (method === 'GET' || method === 'HEAD') throw new AlterValueError(`${method} has no body`);
  if (contentLength !== undefined && (!Number.isSafeInteger(contentLength) || contentLength < 0)) {
    throw new AlterValueError('contentLength must be a number of bytes');
  }
  if (typeof body === 'string' || body instanceof Uint8Array) {
    const bytes = Buffer.from(body);
    return {
      chunks: (async function* () {
        yield bytes;
      })(),
      length: bytes.length,
    };
  }
  if (typeof body !== 'object' || !(Symbol.asyncIterator in body)) {
    throw new AlterValueError('body must be a string, bytes, or a source of bytes');
  }
  return { chunks: body as AsyncIterable<Uint8Array>, length: contentLength };
}

async function readText({ message }: OpenAnswer): Promise<string> {
  let text = '';
  for await (const chunk of message) {
    text += (chunk as Buffer).toString('utf8');
    if (text.length > errorBytesMax) break;
  }
  return text;
}

function readHeader({ message }: OpenAnswer, name: string): string | null {
  const value = message.headers[name];
  return Array.isArray(value) ? value.join(', ') : (value ?? null);
}
