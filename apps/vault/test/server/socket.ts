import { createServer, request as httpRequest } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { createServerListener } from '../../src/app.js';
import type { VaultDeps } from '../../src/deps.js';
import type { TimeLimits } from '../../src/http/limits/time-limits.js';
import type { TestVault } from '../harness.js';

/** A vault behind a real socket. */
export interface ServedVault {
  readonly port: number;
  /** Sends bytes as they are and answers everything that comes back. */
  sendRaw(bytes: string | Buffer): Promise<string>;
  send(
    method: string,
    path: string,
    headers: Record<string, string | string[]>,
    body?: Uint8Array,
  ): Promise<{ status: number; body: Record<string, unknown>; headers: Record<string, unknown> }>;
  close(): Promise<void>;
}

/** Serves a test vault as `main.ts` does. */
export async function serveVault(
  vault: TestVault,
  timeLimits: Partial<TimeLimits> = {},
  limits: Pick<VaultDeps, 'bodiesBytesMax'> = {},
): Promise<ServedVault> {
  const deps = { ...vault.deps, ...limits, timeLimits: { ...vault.deps.timeLimits, ...timeLimits } };
  const server = createServer(
    createServerListener(deps, vault.state, () => new Response(null, { status: 400 })),
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    port,
    sendRaw: (bytes) =>
      new Promise((resolve, reject) => {
        const socket = connect(port, '127.0.0.1', () => socket.write(bytes));
        let text = '';
        socket.setEncoding('utf8').on('data', (chunk: string) => {
          text += chunk;
        });
        socket.once('close', () => resolve(text));
        socket.once('error', reject);
      }),
    send: (method, path, headers, body) =>
      new Promise((resolve, reject) => {
        const call = httpRequest({ port, host: '127.0.0.1', method, path, headers }, (answer) => {
          let text = '';
          answer.setEncoding('utf8').on('data', (chunk: string) => {
            text += chunk;
          });
          answer.once('end', () =>
            resolve({ status: answer.statusCode ?? 0, body: JSON.parse(text), headers: answer.headers }),
          );
        });
        call.once('error', reject);
        call.end(body);
      }),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
