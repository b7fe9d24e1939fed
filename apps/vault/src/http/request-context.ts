import type { Readable } from 'node:stream';
import type { KeyScope } from '@alter-ai/core-contract';
import type { HttpBindings } from '@hono/node-server';
import type { Context } from 'hono';
import type { NonceClaim } from '../audit/audit-event.js';
import type { VaultDeps } from '../deps.js';

/** What the server hands to every route; `remoteAddress` stands in for the socket's where there is no socket. */
export type ServerBindings = Partial<HttpBindings> & { readonly remoteAddress?: string };

/** Hono's context as the vault uses it. */
export type HonoContext = Context<{ Bindings: ServerBindings }>;

/** The API key that signed the request, and who it says is calling. */
export interface KeyCaller {
  readonly appId: string;
  /** Version of the app's settings, read together with the key. */
  readonly appVersion: number;
  readonly apiKeyId: string;
  readonly keyPrefix: string;
  /** What the key may do, narrowed by `X-Alter-Scope-Constraints`. */
  readonly scopes: ReadonlySet<KeyScope>;
  readonly caller?: string;
  readonly callerType?: string;
  readonly actorId?: string;
  readonly context?: Readonly<Record<string, string>>;
  /** To be claimed together with the first audit record, by routes that claim it themselves. */
  readonly nonceClaim: NonceClaim;
  readonly traceId?: string;
}

/** One request, as routes see it. */
export interface RequestContext {
  readonly deps: VaultDeps;
  /** UUIDv7; `X-Request-ID` of the answer. */
  readonly requestId: string;
  /** The client's address, behind declared proxies only (P4). */
  readonly sourceAddress: string;
  /** Path parameters, percent-decoded. */
  readonly params: Readonly<Record<string, string>>;
  /** Only where the endpoint's access is `key`; throws elsewhere. */
  readonly caller: KeyCaller;
  readonly raw: HonoContext;
  /** A request header by its lower-case name. */
  header(name: string): string | undefined;
  /** Calls `listener` when the caller's connection ends before the answer is there; answers how to stop that. */
  onGone(listener: () => void): () => void;
  /** What follows the first line of the body, where the endpoint is streamed. */
  readRest(): Readable;
  /** Sets a header of the answer, also of an error's. */
  setHeader(name: string, value: string): void;
}
