import {
  isAddressAllowed,
  isHostAllowedByOperator,
  type NetworkAllowance,
  parseAllowedNetworks,
} from './destination/allowed-networks.js';
import { checkDestinationWith, readPort } from './destination/check-destination.js';
import { resolveAddresses } from './destination/resolve-addresses.js';
import type { ResolveHost } from './destination/resolve-host.js';
import { EgressError } from './egress-error.js';
import { checkRequestHead } from './transport/request-headers.js';

/** The parts of a request that are judged before anything is sent. */
export type GuardedRequest = {
  method: string;
  headers?: Readonly<Record<string, string>>;
  /** Exact `host[:port]` or `*.example.com`; absent: any public host. */
  allowedHosts?: readonly string[];
  /** In addition to those of the egress. */
  allowedNetworks?: readonly string[];
  /** Longest URL; default 8,192. */
  urlCharactersMax?: number;
  signal?: AbortSignal;
};

/** A request that may be sent, to these addresses and no others. */
export type PassedRequest = {
  url: URL;
  /** Shown in errors. */
  host: string;
  headers: Record<string, string>;
  addresses: readonly string[];
};

/** What every request of one egress is judged by. */
export type Guard = (
  text: string,
  request: GuardedRequest,
  resolveTimeoutMs: number,
) => Promise<PassedRequest>;

/** Prepares the judgement of URL, method, headers and resolved addresses (E1, E3). Throws RangeError for unreadable networks. */
export function createGuard(
  options: { isDevelopment: boolean; allowedNetworks?: readonly string[] },
  resolveHost: ResolveHost,
): Guard {
  const { isDevelopment } = options;
  const ownNetworks = [...(options.allowedNetworks ?? [])];
  const ownAllowance = parseAllowedNetworks(ownNetworks);

  return async (text, request, resolveTimeoutMs) => {
    const allowance = readAllowance(ownAllowance, ownNetworks, request.allowedNetworks);
    const { allowedHosts, urlCharactersMax } = request;
    const check = checkDestinationWith(text, { allowedHosts, isDevelopment, urlCharactersMax }, allowance);
    if (!check.ok)
      throw new EgressError(check.code, check.reason, { requestWritten: false, host: check.host });
    const { url } = check;
    const { host } = url;
    const head = checkRequestHead(request.method, request.headers ?? {});
    if (!head.ok) throw new EgressError('invalid_request', head.reason, { requestWritten: false, host });

    const limits = { timeoutMs: resolveTimeoutMs, signal: request.signal };
    const addresses = await resolveAddresses(url.hostname, host, resolveHost, limits);
    const facts = {
      allowance,
      isHostAllowed: isHostAllowedByOperator(allowance, url.hostname, readPort(url)),
      isDevelopment,
    };
    if (addresses.length === 0 || !addresses.every((address) => isAddressAllowed(address, facts))) {
      throw new EgressError('blocked_destination', 'the host resolves to an address that is not public', {
        requestWritten: false,
        host,
      });
    }
    return { url, host, headers: head.headers, addresses };
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
