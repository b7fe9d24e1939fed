import { AlterValueError } from '../errors/alter-sdk-error.js';
import { readDurationMs } from '../options/duration.js';
import { type EitherSpelling, type OptionNames, readOptions } from '../options/option-names.js';
import { checkCallerHeaders } from './caller-headers.js';
import type { QueryParams } from './target-url.js';

/** Options of `App.request` (wire/1 §8.2); exactly one of `grantId` and `provider`. */
export interface RequestOptions {
  /** The grant to use. */
  readonly grantId?: string | undefined;
  /** The provider to use; the user token says whose grant. */
  readonly provider?: string | undefined;
  /** Which of the user's accounts, by its identifier; with `provider`. */
  readonly account?: string | undefined;
  /** Which of several grants on one secret, by its label; with `provider`. */
  readonly label?: string | undefined;
  /** The user's token, in place of the getter's. */
  readonly userToken?: string | undefined;
  /** Merged into the URL's query; a name that the URL has is replaced, a list repeats the name. */
  readonly queryParams?: QueryParams | undefined;
  /** Values for `{name}` in the URL, percent-encoded whole. */
  readonly pathParams?: Readonly<Record<string, string | number>> | undefined;
  /** JSON body. */
  readonly json?: unknown;
  /** Raw body; no Content-Type is added. */
  readonly body?: Uint8Array | string | undefined;
  /** Headers for the provider; those of the credential cannot be set. */
  readonly extraHeaders?: Readonly<Record<string, string>> | undefined;
  /** Why the call is made, for the audit log and the user. */
  readonly reason?: string | undefined;
  /** What the call is part of, for the audit log. */
  readonly context?: Readonly<Record<string, string>> | undefined;
  /** Who makes this call, in place of the client's caller. */
  readonly caller?: string | undefined;
  /** Repeats the provider call after a broken connection, 429, 502, 503 or 504; idempotent methods only. */
  readonly retry?: boolean | undefined;
  /**
   * Sends the active trace (`traceparent`) to the provider too; off by default, as it tells the provider about your systems.
   * The vault always gets it.
   */
  readonly propagateTrace?: boolean | undefined;
  /** Ends the call. */
  readonly signal?: AbortSignal | undefined;
  /** Seconds for the exchange with the vault, and for the provider's answer to begin. */
  readonly timeout?: number | undefined;
  /** The same in milliseconds. */
  readonly timeoutMs?: number | undefined;
}

const optionNames: OptionNames<RequestOptions> = {
  grantId: true,
  provider: true,
  account: true,
  label: true,
  userToken: true,
  queryParams: true,
  pathParams: true,
  json: true,
  body: true,
  extraHeaders: true,
  reason: true,
  context: true,
  caller: true,
  retry: true,
  propagateTrace: true,
  signal: true,
  timeout: true,
  timeoutMs: true,
};

const methodPattern = /^[A-Z][A-Z0-9-]{0,31}$/;
// fetch refuses these three, and they are of no use with a credential.
const refusedMethods: ReadonlySet<string> = new Set(['CONNECT', 'TRACE', 'TRACK']);
const idempotentMethods: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE']);

/** Upper-cases and checks a method. */
export function readMethod(method: string): string {
  const name = typeof method === 'string' ? method.toUpperCase() : '';
  if (!methodPattern.test(name) || refusedMethods.has(name)) {
    throw new AlterValueError('method is not one that can be called');
  }
  return name;
}

/**
 * Reads and checks the options of a call.
 * @throws {AlterValueError} before any traffic.
 */
export function readRequestOptions(
  method: string,
  given: EitherSpelling<RequestOptions> | undefined,
  timeoutMsDefault: number,
): RequestOptions & { readonly timeoutMs: number } {
  const options = readOptions<RequestOptions>(given, optionNames);
  if ((options.grantId === undefined) === (options.provider === undefined)) {
    throw new AlterValueError('give exactly one of grantId and provider');
  }
  if (options.grantId !== undefined && (options.account !== undefined || options.label !== undefined)) {
    throw new AlterValueError('account and label go with provider, not with grantId');
  }
  if (options.json !== undefined && options.body !== undefined) {
    throw new AlterValueError('give json or body, not both');
  }
  const { body } = options;
  if (body !== undefined && typeof body !== 'string' && !(body instanceof Uint8Array)) {
    throw new AlterValueError('body must be a string or bytes');
  }
  if ((method === 'GET' || method === 'HEAD') && (options.json !== undefined || body !== undefined)) {
    throw new AlterValueError(`${method} has no body`);
  }
  if (options.retry === true && !idempotentMethods.has(method)) {
    throw new AlterValueError('retry is for idempotent methods only');
  }
  checkCallerHeaders(options.extraHeaders);
  const timeoutMs = readDurationMs('timeout', options.timeout, options.timeoutMs, timeoutMsDefault);
  return { ...options, timeoutMs };
}
