import type { Endpoint } from '../journal/token-log.js';
import type { Exchange } from './exchange.js';

/** What a path stands for: the emulated server it belongs to and the endpoint. */
export type Place = { realm: string; endpoint: Endpoint };

/** A group of paths on a server: the OpenID server, the resource API, the shaped providers, the control API. */
export type Part = {
  /** The place of a path, `control` for what is never logged or disturbed, undefined when the part does not serve it. */
  classify(pathname: string): Place | 'control' | undefined;
  handle(exchange: Exchange): Promise<Response>;
};
