import { createServer, connect as openSocket, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { findFreePort } from '../../harness/machine/ports.js';

/** `refuse`: connections end at once. `silent`: they stay open, and nothing comes through. */
export type TcpMode = 'pass' | 'refuse' | 'silent';

/** A TCP proxy that can break what goes through it. */
export interface TcpProxy {
  readonly port: number;
  setMode(mode: TcpMode): void;
  /** Everything comes this much later, in both directions; 0 for at once. */
  setDelay(delayMs: number): void;
  /** New connections go there from now on. */
  setTarget(port: number): void;
  /** Ends every connection with a reset. */
  cut(): void;
  close(): Promise<void>;
}

/** Starts one on a free port of 127.0.0.1. */
export async function startTcpProxy(targetPort: number): Promise<TcpProxy> {
  let target = targetPort;
  let mode: TcpMode = 'pass';
  let delayMs = 0;
  const pairs = new Set<readonly [Socket, Socket]>();

  function relay(from: Socket, to: Socket): void {
    let last = Promise.resolve();
    from.on('data', (chunk) => {
      if (mode === 'silent') return;
      if (delayMs === 0 && to.writable) {
        if (!to.write(chunk)) from.pause();
        return;
      }
      const waitMs = delayMs;
      // One after the other, so that a shorter delay cannot overtake.
      last = last.then(async () => {
        await sleep(waitMs);
        if (to.writable) to.write(chunk);
      });
    });
    to.on('drain', () => from.resume());
  }

  const server = createServer((client) => {
    client.on('error', () => {});
    if (mode === 'refuse') {
      client.resetAndDestroy();
      return;
    }
    const upstream = openSocket({ port: target, host: '127.0.0.1' });
    const pair = [client, upstream] as const;
    pairs.add(pair);
    upstream.on('error', () => {});
    relay(client, upstream);
    relay(upstream, client);
    for (const [one, other] of [pair, [upstream, client] as const]) {
      one.on('close', () => {
        pairs.delete(pair);
        other.destroy();
      });
    }
  });
  const port = await findFreePort();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', 1024, resolve);
  });
  const cut = (): void => {
    for (const pair of pairs) for (const socket of pair) socket.resetAndDestroy();
    pairs.clear();
  };
  return {
    port,
    setMode: (next) => {
      mode = next;
      // What was swallowed is lost for good, so the connections cannot go on.
      if (next === 'refuse' || next === 'pass') cut();
    },
    setDelay: (next) => {
      delayMs = next;
    },
    setTarget: (next) => {
      target = next;
    },
    cut,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        cut();
      }),
  };
}
