import { isIPv4 } from 'node:net';
import { Pool } from 'undici';

const poolsMax = 256;
const headerBytesMax = 32 * 1024;
const idleConnectionMs = 10_000;
const connectionsPerOriginMax = 128;

export type ConnectionPools = {
  /** A pool whose connections go to these checked addresses only; TLS keeps the URL's host as server name. */
  obtain(origin: string, addresses: readonly string[]): Pool;
  /** Like obtain, but with connections of its own; the caller destroys it. */
  open(origin: string, addresses: readonly string[]): Pool;
  close(): Promise<void>;
};

/** Keeps connections per origin and pinned addresses, so a changed DNS answer never meets an old connection. */
export function createConnectionPools(options: {
  connectTimeoutMs: number;
  ca: string | undefined;
}): ConnectionPools {
  const pools = new Map<string, Pool>();

  const open = (origin: string, addresses: readonly string[]): Pool =>
    new Pool(origin, {
      connections: connectionsPerOriginMax,
      pipelining: 1,
      // With HTTP/2 "written" is not knowable per request.
      allowH2: false,
      maxHeaderSize: headerBytesMax,
      keepAliveTimeout: idleConnectionMs,
      keepAliveMaxTimeout: idleConnectionMs,
      connect: {
        timeout: options.connectTimeoutMs,
        autoSelectFamily: true,
        lookup: pinLookup(addresses),
        ...(options.ca === undefined ? {} : { ca: options.ca }),
      },
    });

  return {
    open,
    obtain(origin, addresses) {
      const key = `${origin} ${[...addresses].sort().join(' ')}`;
      const pool = pools.get(key) ?? open(origin, addresses);
      pools.delete(key);
      pools.set(key, pool);
      if (pools.size > poolsMax) {
        const [oldestKey, oldest] = pools.entries().next().value ?? [];
        if (oldestKey !== undefined) pools.delete(oldestKey);
        void oldest?.close();
      }
      return pool;
    },
    async close() {
      const open = [...pools.values()];
      pools.clear();
      await Promise.all(open.map((pool) => pool.close()));
    },
  };
}

type LookupAnswer = { address: string; family: number };
type LookupCallback = (error: Error | null, answer: string | LookupAnswer[], family?: number) => void;

// The host was resolved and checked before; the socket gets those very addresses and asks nobody.
function pinLookup(addresses: readonly string[]) {
  const answers = addresses.map((address) => ({ address, family: isIPv4(address) ? 4 : 6 }));
  return (_hostname: string, options: { all?: boolean | undefined }, callback: LookupCallback): void => {
    const [first] = answers;
    if (first === undefined) callback(new Error('no address'), '');
    else if (options.all) callback(null, answers);
    else callback(null, first.address, first.family);
  };
}
