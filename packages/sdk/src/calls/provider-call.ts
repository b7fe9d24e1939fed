import type { SecretValue } from '@alter-ai/core-crypto';
import { userAgent } from '../user-agent.js';
import { exchange } from '../vault/exchange.js';
import type { Credential } from './credential.js';
import type { RequestOptions } from './request-options.js';
import { mergeQuery } from './target-url.js';

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

/** Puts together what the caller asks for; names that the credential injects are dropped, whatever their case (E3). */
export function buildProviderRequest(
  method: string,
  url: URL,
  options: RequestOptions,
  credential: Credential,
): ProviderRequest {
  const injected = new Set(
    credential.injections.filter((each) => each.target === 'header').map((each) => each.key.toLowerCase()),
  );
  const headers: Record<string, string> = { 'user-agent': userAgent };
  if (options.json !== undefined) headers['content-type'] = 'application/json';
  for (const given of [credential.requiredHeaders, options.extraHeaders ?? {}]) {
    for (const [name, value] of Object.entries(given)) {
      const lowerName = name.toLowerCase();
      if (!injected.has(lowerName)) headers[lowerName] = value;
    }
  }
  return {
    method,
    url,
    fullUrl: options.queryParams === undefined ? url : mergeQuery(url, options.queryParams),
    headers,
    content: encodeContent(options),
  };
}

/** Calls the provider once, with the credential; `read` runs inside the deadline. */
export function callProvider<Result>(
  request: ProviderRequest,
  credential: Credential,
  limits: { timeoutMs: number; signal: AbortSignal | undefined },
  read: (response: Response) => Promise<Result>,
): Promise<Result> {
  const headers: Record<string, string> = { ...request.headers };
  const query: Record<string, string> = {};
  for (const { target, key, value } of credential.injections) {
    if (target === 'header') headers[key.toLowerCase()] = value.reveal();
    else query[key] = value.reveal();
  }
  const hasQuery = Object.keys(query).length > 0;
  const url = hasQuery ? mergeQuery(request.fullUrl, query) : request.fullUrl;
  const init: RequestInit = {
    method: request.method,
    headers,
    ...(request.content !== undefined && { body: request.content }),
  };
  return exchange('provider', url.href, init, limits, (response) =>
    read(hasQuery ? hideUrl(response, request.fullUrl.href) : response),
  );
}

/** `text` without the credential where the provider echoed it. */
export function redactSecrets(text: string, secrets: readonly SecretValue[]): string {
  let clean = text;
  for (const secret of secrets) {
    const value = secret.reveal();
    for (const form of new Set([value, encodeURIComponent(value)]))
      clean = clean.replaceAll(form, '[redacted]');
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
  // Bytes, because fetch adds a Content-Type to text.
  if (options.json !== undefined) return new TextEncoder().encode(JSON.stringify(options.json));
  if (typeof options.body === 'string') return new TextEncoder().encode(options.body);
  return options.body as Uint8Array<ArrayBuffer> | undefined;
}
