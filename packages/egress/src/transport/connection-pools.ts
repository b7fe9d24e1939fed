import { isIPv4 } from 'node:net';
import { buildConnector, Pool } from 'undici';

const poolsMax = 256;
const headerBytesMax = 32 * 1024;
const idleConnectionMs = 10_000;

export type ConnectionPools = {
  /** A pool whose connections go to these checked addresses only; TLS keeps the URL's host as server name. */
  obtain(origin: string, addresses: readonly string[]): Pool;
  /** Like obtain, but with connections of its own; the caller destroys it. `onConnected`: see `EgressRequest.beforeFirstByte`. */
  open(origin: string, addresses: readonly string[], onConnected?: () => Promise<void>): Pool;
  close(): Promise<void>;
};

/** Keeps connections per origin and pinned addresses, so a changed DNS answer never meets an old connection. */
export function createConnectionPools(options: {
  connectTimeoutMs: number;
  originConnectionsMax: number;
  ca: string | undefined;
}): ConnectionPools {
  const pools = new Map<string, Pool>();

  const open: ConnectionPools['open'] = (origin, addresses, onConnected) => {
    const connect = {
      timeout: options.connectTimeoutMs,
      autoSelectFamily: true,
      lookup: pinLookup(addresses),
      ...(options.ca === undefined ? {} : { ca: options.ca }),
    };
    return new Pool(origin, {
      connections: options.originConnectionsMax,
      pipelining: 1,
      // With HTTP/2 "written" is not knowable per request.
      allowH2: false,
      maxHeaderSize: headerBytesMax,
      keepAliveTimeout: idleConnectionMs,
      keepAliveMaxTimeout: idleConnectionMs,
      connect: onConnected
        ? holdConnection(buildConnector({ ...connect, allowH2: false }), onConnected)
        : connect,
    });
  };

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

/** A connection is handed to the client, which would write at once, only when `onConnected` is done. */
function holdConnection(
  connect: buildConnector.connector,
  onConnected: () => Promise<void>,
): buildConnector.connector {
  return (options, callback) => {
    connect(options, (...outcome) => {
      const [error, socket] = outcome;
      if (error) {
        callback(error, null);
        return;
      }
      onConnected().then(
        () => callback(null, socket),
        (reason: unknown) => {
          socket.destroy();
          callback(reason instanceof Error ? reason : new Error('refused'), null);
        },
      );
    });
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
