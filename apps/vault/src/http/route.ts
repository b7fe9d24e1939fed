import type { Endpoint } from '@alter-ai/core-contract';
import type { z } from 'zod';
import type { RequestContext } from './request-context.js';
import type { StreamedAnswer } from './respond.js';

export type { KeyCaller, RequestContext } from './request-context.js';

/** What a route's handler gets as body. */
export type RequestBody<E extends Endpoint> = E['request'] extends z.ZodType
  ? z.output<E['request']>
  : undefined;
/** What a route's handler answers; undefined where the endpoint answers 204. */
export type ResponseBody<E extends Endpoint> = E['response'] extends z.ZodType
  ? z.input<E['response']>
  : undefined;

/** The work of one endpoint: everything general (signature, schema, limits) has been checked before. */
export type RouteHandler<E extends Endpoint> = (
  context: RequestContext,
  body: RequestBody<E>,
) => Promise<ResponseBody<E> | StreamedAnswer>;

/** Things that a route wants otherwise than usual. */
export interface RouteOptions {
  /** The handler claims the nonce itself, with its first audit record (`caller.nonceClaim`). */
  readonly claimsNonceItself?: boolean;
  /**
   * Answered straight to the socket, past Hono, where the request is a plain one: for endpoints that are called most. Their path is
   * fixed, and their handler uses neither `raw` nor `params`.
   */
  readonly isDirect?: boolean;
  /** Largest body; default 1 MiB of a call with a key, else 128 KiB. */
  readonly bodyBytesMax?: number;
  /** A top-level field that is passed on to others as it came, its numbers digit for digit. */
  readonly exactField?: string;
  /**
   * The body is a line of JSON, which the signature covers, and bytes that the handler reads itself (`context.readRest`); the handler
   * answers a `StreamedAnswer`. Needs `isDirect`.
   */
  readonly isStreamed?: boolean;
  /** Requests per minute from one address (for `key`: of one API key from one address); absent: no limit. */
  readonly perMinuteMax?: number;
  /** Runs first of all, for headers that errors need too (CORS). */
  readonly prepare?: (context: RequestContext) => void | Promise<void>;
}

/** One endpoint of the contract with its handler; `app.ts` mounts it. */
export interface EndpointRegistration {
  readonly kind: 'endpoint';
  readonly endpoint: Endpoint;
  readonly handle: (context: RequestContext, body: unknown) => Promise<unknown>;
  readonly options: RouteOptions;
}

/** A page, a file or a preflight answer: anything that is no JSON endpoint of the contract. */
export interface PageRegistration {
  readonly kind: 'page';
  readonly method: 'GET' | 'POST' | 'OPTIONS';
  /** Hono's path syntax. */
  readonly path: string;
  readonly handle: (context: RequestContext) => Promise<Response> | Response;
}

/** What files in `api/` export in their `routes` array. */
export type RouteRegistration = EndpointRegistration | PageRegistration;

/** Registers the handler of one endpoint. */
export function route<E extends Endpoint>(
  endpoint: E,
  handle: RouteHandler<E>,
  options: RouteOptions = {},
): EndpointRegistration {
  return {
    kind: 'endpoint',
    endpoint,
    // The schema has parsed the body before; the types of all handlers differ, the table of routes has one.
    handle: (context, body) => handle(context, body as RequestBody<E>),
    options,
  };
}

/** Registers a page or file; it sets its own headers, and an ApiError it throws becomes the usual envelope. */
export function page(
  method: PageRegistration['method'],
  path: string,
  handle: PageRegistration['handle'],
): PageRegistration {
  return { kind: 'page', method, path, handle };
}
