import { cacheResolver, type ResolveHost, resolveWithSystem } from './destination/resolve-host.js';
import { EgressError } from './egress-error.js';
import { createEgressResponse, type EgressResponse } from './egress-response.js';
import { createGuard, type GuardedRequest } from './guard-request.js';
import { decodeBody } from './transport/decoding/decode-body.js';
import { decodeStream } from './transport/decoding/decode-stream.js';
import type { Transport } from './transport/open-transport.js';
import type { RawStream, StreamedBody } from './transport/stream-request.js';

export type EgressOptions = {
  /** Loopback, and http on loopback, are allowed. */
  isDevelopment: boolean;
  /** The operator's allowance for every call: CIDRs, addresses, host names. */
  allowedNetworks?: readonly string[];
  /** Replaces the system's resolver. */
  lookup?: ResolveHost;
  /** How long resolving and connecting may take each; default 5,000. */
  connectTimeoutMs?: number;
  /** Connections to one origin that are open at a time; default 1,024. Streams may hold them for hours. */
  originConnectionsMax?: number;
  /** How long a DNS answer is kept; default 5,000. Every use checks it anew. */
  lookupTtlMs?: number;
  /** The clock of the DNS cache. */
  nowMs?: () => number;
  /** Certificate authorities in PEM that replace the built-in ones. */
  ca?: string;
};

export type EgressRequest = GuardedRequest & {
  body?: string | Uint8Array;
  /** From the call until the whole response is there. */
  timeoutMs: number;
  /** Limit of the body, before and after decoding; default 1 MiB. */
  maxResponseBytes?: number;
  /** Never a kept connection: for requests that must not be lost to one the other side just closed (refresh). */
  isFreshConnection?: boolean;
  /**
   * With `isFreshConnection`: runs once the connection stands and before anything is written; if it rejects, nothing is, and the
   * error says `requestWritten: false`.
   */
  beforeFirstByte?: () => Promise<void>;
};

export type EgressStreamRequest = GuardedRequest & {
  /** Bytes, or a source that is read as fast as the other side takes it. */
  body?: StreamedBody;
  /** Length of a body that is a source, where it is known; else it is sent in chunks. */
  contentLength?: number | undefined;
  /** From the call until the whole response was read; absent: no limit. */
  timeoutMs?: number;
  /** How long nothing may move in either direction; absent: no limit. */
  silenceTimeoutMs?: number;
};

/** A response whose body is on its way. */
export type EgressStream = RawStream;

export type Egress = {
  /**
   * One guarded request (E1 to E4). Redirects are returned, not followed.
   * Throws {@link EgressError} and nothing else.
   */
  fetch(url: string, request: EgressRequest): Promise<EgressResponse>;
  /**
   * The same, with a body of any size both ways: what is not read is not asked for, and destroying `body` ends the request. The
   * body is decoded; it fails with an {@link EgressError}. Throws {@link EgressError} and nothing else.
   */
  stream(url: string, request: EgressStreamRequest): Promise<EgressStream>;
  close(): Promise<void>;
};

const responseBytesDefault = 1024 * 1024;
const originConnectionsDefault = 1_024;

/** The only way out of the vault. Throws RangeError when `allowedNetworks` cannot be read. */
export function createEgress(options: EgressOptions): Egress {
  const connectTimeoutMs = options.connectTimeoutMs ?? 5_000;
  const nowMs = options.nowMs ?? (() => performance.now());
  const resolveHost = cacheResolver(options.lookup ?? resolveWithSystem, options.lookupTtlMs ?? 5_000, nowMs);
  const guard = createGuard(options, resolveHost);
  let transport: Promise<Transport> | undefined;
  const loadTransport = async (): Promise<Transport> => {
    const { openTransport } = await import('./transport/open-transport.js');
    const { originConnectionsMax = originConnectionsDefault, ca } = options;
    return openTransport({ connectTimeoutMs, originConnectionsMax, ca });
  };

  return {
    close: async () => (await transport)?.pools.close(),
    async fetch(text, request) {
      const startedAtMs = performance.now();
      const passed = await guard(text, request, Math.min(connectTimeoutMs, request.timeoutMs));
      const { url, host, headers, addresses } = passed;
      const responseBytesMax = request.maxResponseBytes ?? responseBytesDefault;
      transport ??= loadTransport();
      const { pools, send } = await transport;
      const pool = request.isFreshConnection
        ? pools.open(url.origin, addresses, request.beforeFirstByte)
        : pools.obtain(url.origin, addresses);
      try {
        const raw = await send(pool, {
          host,
          path: `${url.pathname}${url.search}`,
          method: request.method,
          headers,
          body: request.body,
          timeoutMs: Math.max(1, request.timeoutMs - (performance.now() - startedAtMs)),
          responseBytesMax,
          signal: request.signal,
        });
        const encoding = raw.headers['content-encoding'];
        const decoded = await decodeBody(
          raw.body,
          Array.isArray(encoding) ? encoding.join(',') : encoding,
          responseBytesMax,
        );
        if (!decoded.ok) throw new EgressError(decoded.code, decoded.reason, { requestWritten: true, host });
        return createEgressResponse(raw.status, raw.headers, decoded.body);
      } finally {
        if (request.isFreshConnection) void pool.destroy();
      }
    },
    async stream(text, request) {
      const startedAtMs = performance.now();
      const { timeoutMs } = request;
      const passed = await guard(text, request, Math.min(connectTimeoutMs, timeoutMs ?? connectTimeoutMs));
      const { url, host, headers, addresses } = passed;
      transport ??= loadTransport();
      const { pools, stream } = await transport;
      const raw = await stream(pools.obtain(url.origin, addresses), {
        host,
        path: `${url.pathname}${url.search}`,
        method: request.method,
        headers,
        body: request.body,
        contentLength: request.contentLength,
        timeoutMs:
          timeoutMs === undefined ? undefined : Math.max(1, timeoutMs - (performance.now() - startedAtMs)),
        // Resolving is done; connecting has its own limit, and so has waiting for one of the connections to be free.
        startTimeoutMs: 2 * connectTimeoutMs,
        silenceTimeoutMs: request.silenceTimeoutMs,
        signal: request.signal,
      });
      return decodeStream(raw, { method: request.method, host });
    },
  };
}
