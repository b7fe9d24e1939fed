import { injectCredential, listInjectedHeaders, type SecretValue } from '@alter-ai/core-crypto';
import { AlterValueError } from '../errors/alter-sdk-error.js';
import { exchangeWithProvider } from '../transport/provider-exchange.js';
import { readTraceparent } from '../transport/trace-context.js';
import { userAgent } from '../user-agent.js';
import { type Credential, describeInjectionFailure } from './credential.js';
import type { RequestOptions } from './request-options.js';
import { signAws } from './sign-aws.js';
import { mergeQuery } from './target-url.js';

const secretCharactersMin = 6;

/** What goes to the provider, apart from the credential: safe to record. */
export interface ProviderRequest {
  readonly method: string;
  /** The caller's URL without `queryParams`, as the vault saw it. */
  readonly url: URL;
  /** With `queryParams`. */
  readonly fullUrl: URL;
  /** The caller's headers, the provider's required ones and the User-Agent, never an injected one. */
  readonly headers: Readonly<Record<string, string>>;
  readonly content: Uint8Array<ArrayBuffer> | undefined;
}

/**
 * What the caller asks for, checked before anything is released.
 * @throws {AlterValueError} `queryParams` or `json` cannot be encoded.
 */
export function prepareRequest(method: string, url: URL, options: RequestOptions): ProviderRequest {
  const traceparent = options.propagateTrace === true ? readTraceparent() : undefined;
  return {
    method,
    url,
    fullUrl: options.queryParams === undefined ? url : mergeQuery(url, options.queryParams),
    headers: {
      'user-agent': userAgent,
      ...(options.json !== undefined && { 'content-type': 'application/json' }),
      ...(traceparent !== undefined && { traceparent }),
    },
    content: encodeContent(options),
  };
}

/** Adds required and caller's headers; names that the credential injects are dropped, whatever their case (E3). */
export function addHeaders(
  request: ProviderRequest,
  credential: Credential,
  extraHeaders: Readonly<Record<string, string>> | undefined,
): ProviderRequest {
  const injected = listInjectedHeaders(credential.injectable);
  const headers: Record<string, string> = { ...request.headers };
  for (const given of [credential.requiredHeaders, extraHeaders ?? {}]) {
    for (const [name, value] of Object.entries(given)) {
      const lowerName = name.toLowerCase();
      if (!injected.has(lowerName)) headers[lowerName] = value;
    }
  }
  return { ...request, headers };
}

/**
 * Calls the provider once, with the credential; `read` runs inside the deadline.
 * @throws {BackendError} `malformed_answer`: a signature needs a region and a service that nobody has said.
 */
export async function callProvider<Result>(
  request: ProviderRequest,
  credential: Credential,
  limits: { timeoutMs: number; signal: AbortSignal | undefined; nowMs: () => number },
  read: (response: Response) => Promise<Result>,
): Promise<Result> {
  const { url, headers } = await inject(request, credential, limits.nowMs);
  const init: RequestInit = {
    method: request.method,
    headers: { ...headers },
    ...(request.content !== undefined && { body: request.content }),
  };
  const isUrlChanged = url.href !== request.fullUrl.href;
  return exchangeWithProvider(url.href, init, limits, (response) =>
    read(isUrlChanged ? hideUrl(response, request.fullUrl.href) : response),
  );
}

async function inject(request: ProviderRequest, credential: Credential, nowMs: () => number) {
  const { method, fullUrl: url, headers, content: body } = request;
  try {
    return await injectCredential(
      credential.injectable,
      { method, url, headers, body },
      { sign: signAws, now: () => new Date(nowMs()) },
    );
  } catch (error) {
    throw describeInjectionFailure(error);
  }
}

/** `text` without the credential where the provider echoed it: plain, URL-encoded or as JSON escapes it. */
export function redactSecrets(text: string, secrets: readonly SecretValue[]): string {
  let clean = text;
  for (const secret of secrets) {
    const value = secret.reveal();
    // Shorter ones are regions and names, which would tear holes into every text.
    if (value.length < secretCharactersMin) continue;
    const escaped = JSON.stringify(value).slice(1, -1);
    const forms = new Set([value, encodeURIComponent(value), escaped, escaped.replaceAll('/', '\\/')]);
    for (const form of forms) clean = clean.replaceAll(form, '[redacted]');
  }
  return clean;
}

// `Response.url` would show a credential that was injected into the query; a clone would bring an overridden one back.
function hideUrl(response: Response, url: string): Response {
  const { status, statusText, headers } = response;
  const hidden = new Response(response.body, { status, statusText, headers });
  return Object.defineProperty(hidden, 'url', { value: url, enumerable: true });
}

function encodeContent(options: RequestOptions): Uint8Array<ArrayBuffer> | undefined {
  const { json, body } = options;
  // Bytes, because fetch adds a Content-Type to text.
  if (json !== undefined) return new TextEncoder().encode(encodeJson(json));
  if (typeof body === 'string') return new TextEncoder().encode(body);
  return body as Uint8Array<ArrayBuffer> | undefined;
}

function encodeJson(value: unknown): string {
  let text: string | undefined;
  try {
    text = JSON.stringify(value);
  } catch {
    // A cycle or a BigInt, named below.
  }
  if (text === undefined) throw new AlterValueError('json cannot be written as JSON');
  return text;
}
