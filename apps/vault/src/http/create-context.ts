import type { Readable } from 'node:stream';
import { createRandomWords } from '@alter-ai/core-crypto';
import { V7Generator } from 'uuidv7';
import type { VaultDeps } from '../deps.js';
import type { RequestHead } from './intake/request-head.js';
import type { HonoContext, KeyCaller, RequestContext } from './request-context.js';
import type { AnswerContext } from './respond.js';

/** A request while the server works on it: what routes see, and what only the server changes. */
export interface OpenRequest extends RequestContext, AnswerContext {
  readonly head: RequestHead;
  setCaller(caller: KeyCaller): void;
}

const ids = new V7Generator({ nextUint32: createRandomWords() });

/** Begins a request. A class, because one is made per call and its methods need not be. */
class RequestState implements OpenRequest {
  readonly requestId = ids.generate().toString();
  readonly deps: VaultDeps;
  readonly head: RequestHead;
  readonly sourceAddress: string;
  headers: Record<string, string> | undefined = undefined;
  readonly #hono: HonoContext | undefined;
  #caller: KeyCaller | undefined = undefined;

  constructor(deps: VaultDeps, head: RequestHead, sourceAddress: string, hono: HonoContext | undefined) {
    this.deps = deps;
    this.head = head;
    this.sourceAddress = sourceAddress;
    this.#hono = hono;
  }

  get raw(): HonoContext {
    if (!this.#hono) throw new Error('This endpoint is answered without Hono.');
    return this.#hono;
  }

  get params(): Record<string, string> {
    return this.raw.req.param();
  }

  get caller(): KeyCaller {
    if (!this.#caller) throw new Error('This endpoint is not called with an API key.');
    return this.#caller;
  }

  setCaller(caller: KeyCaller): void {
    this.#caller = caller;
  }

  header(name: string): string | undefined {
    return this.head.header(name);
  }

  onGone(listener: () => void): () => void {
    const socket = this.head.incoming?.socket;
    socket?.once('close', listener);
    return () => void socket?.off('close', listener);
  }

  readRest(): Readable {
    if (!this.head.incoming) throw new Error('This request has no connection.');
    return this.head.incoming;
  }

  setHeader(name: string, value: string): void {
    this.headers ??= {};
    this.headers[name] = value;
  }
}

/** Begins a request; without `hono` for endpoints that are answered straight to the socket. */
export function openRequest(
  deps: VaultDeps,
  head: RequestHead,
  sourceAddress: string,
  hono?: HonoContext,
): OpenRequest {
  return new RequestState(deps, head, sourceAddress, hono);
}
