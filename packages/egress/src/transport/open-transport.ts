import { type ConnectionPools, createConnectionPools } from './connection-pools.js';
import { sendRequest } from './send-request.js';
import { streamRequest } from './stream-request.js';

/** Connections, and how to use them. In a module of its own, so that the HTTP client is loaded when it is first needed. */
export type Transport = { pools: ConnectionPools; send: typeof sendRequest; stream: typeof streamRequest };

/** Opens no connection yet. */
export function openTransport(options: Parameters<typeof createConnectionPools>[0]): Transport {
  return { pools: createConnectionPools(options), send: sendRequest, stream: streamRequest };
}
