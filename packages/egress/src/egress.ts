import {
  isAddressAllowed,
  isHostAllowedByOperator,
  type NetworkAllowance,
  parseAllowedNetworks,
} from './destination/allowed-networks.js';
import { checkDestinationWith, readPort } from './destination/check-destination.js';
import { resolveAddresses } from './destination/resolve-addresses.js';
import { cacheResolver, type ResolveHost, resolveWithSystem } from './destination/resolve-host.js';
import { EgressError } from './egress-error.js';
import { createEgressResponse, type EgressResponse } from './egress-response.js';
import { decodeBody } from './transport/decode-body.js';
import type { Transport } from './transport/open-transport.js';
import { checkRequestHead } from './transport/request-headers.js';

export type EgressOptions = {
  /** Loopback, and http on loopback, are allowed. */
  isDevelopment: boolean;
  /** The operator's allowance for every call: CIDRs, addresses, host names. */
  allowedNetworks?: readonly string[];
  /** Replaces the system's resolver. */
  lookup?: ResolveHost;
  /** How long resolving and connecting may take each; default 5,000. */
  connectTimeoutMs?: number;
  /** How long a DNS answer is kept; default 5,000. Every use checks it anew. */
  lookupTtlMs?: number;
  /** The clock of the DNS cache. */
  nowMs?: () => number;
  /** Certificate authorities in PEM that replace the built-in ones. */
  ca?: string;
};

export type EgressRequest = {
  method: string;
  headers?: Readonly<Record<string, string>>;
  body?: string | Uint8Array;
  /** Exact `host[:port]` or `*.example.com`; absent: any public host. */
  allowedHosts?: readonly string[];
  /** In addition to those of the options. */
  allowedNetworks?: readonly string[];
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
  signal?: AbortSignal;
};

export type Egress = {
  /**
   * One guarded request (E1 to E4). Redirects are returned, not followed.
   * Throws {@link EgressError} and nothing else.
   */
  fetch(url: string, request: EgressRequest): Promise<EgressResponse>;
  close(): Promise<void>;
};

const responseBytesDefault = 1024 * 1024;

/** The only way out of the vault. Throws RangeError when `allowedNetworks` cannot be read. */
export function createEgress(options: EgressOptions): Egress {
  const connectTimeoutMs = options.connectTimeoutMs ?? 5_000;
  const nowMs = options.nowMs ?? (() => performance.now());
  const resolveHost = cacheResolver(options.lookup ?? resolveWithSystem, options.lookupTtlMs ?? 5_000, nowMs);
  let transport: Promise<Transport> | undefined;
  const loadTransport = async (): Promise<Transport> => {
    const { openTransport } = await import('./transport/open-transport.js');
    return openTransport({ connectTimeoutMs, ca: options.ca });
  };
  const ownNetworks = [...(options.allowedNetworks ?? [])];
  const ownAllowance = parseAllowedNetworks(ownNetworks);

  return {
    close: async () => (await transport)?.pools.close(),
    async fetch(text, request) {
      const startedAtMs = performance.now();
      const allowance = readAllowance(ownAllowance, ownNetworks, request.allowedNetworks);
      const check = checkDestinationWith(
        text,
        { allowedHosts: request.allowedHosts, isDevelopment: options.isDevelopment },
        allowance,
      );
      if (!check.ok)
        throw new EgressError(check.code, check.reason, { requestWritten: false, host: check.host });
      const { url } = check;
      const host = url.host;
      const head = checkRequestHead(request.method, request.headers ?? {});
      if (!head.ok) throw new EgressError('invalid_request', head.reason, { requestWritten: false, host });

      const addresses = await resolveAddresses(url.hostname, host, resolveHost, {
        timeoutMs: Math.min(connectTimeoutMs, request.timeoutMs),
        signal: request.signal,
      });
      const facts = {
        allowance,
        isHostAllowed: isHostAllowedByOperator(allowance, url.hostname, readPort(url)),
        isDevelopment: options.isDevelopment,
      };
      if (addresses.length === 0 || !addresses.every((address) => isAddressAllowed(address, facts))) {
        throw new EgressError('blocked_destination', 'the host resolves to an address that is not public', {
          requestWritten: false,
          host,
        });
      }

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
          headers: head.headers,
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
  };
}

function readAllowance(
  own: NetworkAllowance,
  ownNetworks: readonly string[],
  more: readonly string[] | undefined,
): NetworkAllowance {
  if (more === undefined || more.length === 0) return own;
  try {
    return parseAllowedNetworks([...ownNetworks, ...more]);
  } catch {
    throw new EgressError('blocked_destination', 'the allowed networks cannot be read', {
      requestWritten: false,
    });
  }
}
