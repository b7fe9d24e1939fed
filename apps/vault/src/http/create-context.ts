import { createRandomWords } from '@alter-ai/core-crypto';
import { V7Generator } from 'uuidv7';
import type { VaultDeps } from '../deps.js';
import type { HonoContext, KeyCaller, RequestContext } from './request-context.js';
import type { ResponseContext } from './respond.js';

/** A request while the server works on it: what routes see, and what only the server changes. */
export interface OpenRequest extends RequestContext, ResponseContext {
  setCaller(caller: KeyCaller): void;
}

const ids = new V7Generator({ nextUint32: createRandomWords() });

/** Begins a request. A class, because one is made per call and its methods need not be. */
class RequestState implements OpenRequest {
  readonly requestId = ids.generate().toString();
  readonly deps: VaultDeps;
  readonly raw: HonoContext;
  readonly sourceAddress: string;
  readonly isBrowser: boolean;
  headers: Record<string, string> | undefined = undefined;
  #caller: KeyCaller | undefined = undefined;

  constructor(deps: VaultDeps, raw: HonoContext, sourceAddress: string, isBrowser: boolean) {
    this.deps = deps;
    this.raw = raw;
    this.sourceAddress = sourceAddress;
    this.isBrowser = isBrowser;
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
    const incoming = this.raw.env.incoming;
    if (!incoming) return this.raw.req.header(name);
    const value = incoming.headers[name];
    return typeof value === 'string' ? value : value?.join(', ');
  }

  setHeader(name: string, value: string): void {
    this.headers ??= {};
    this.headers[name] = value;
  }
}

/** Begins a request; `isBrowser` where the answer may set cookies through Hono's context. */
export function openRequest(
  deps: VaultDeps,
  raw: HonoContext,
  sourceAddress: string,
  isBrowser: boolean,
): OpenRequest {
  return new RequestState(deps, raw, sourceAddress, isBrowser);
}
