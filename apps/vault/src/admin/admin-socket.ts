import { chmodSync, mkdirSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { connect } from 'node:net';
import type { VaultDeps } from '../deps.js';
import { OperationError } from './operation.js';
import { isLineOperation, runLineOperation, runOperation } from './run-operation.js';
import { findAdminSocketPath, isOwnFolder } from './socket-path.js';

/** The socket through which the `alter` command reaches the running server (F6). */
export interface AdminSocket {
  close(): Promise<void>;
}

const bodyBytesMax = 16 * 1024 * 1024;

/**
 * Opens the admin socket: a local socket that only the server's own user may open (0600, in a directory of 0700).
 * Who can read the data directory can read the root key beside it, so it asks for nothing more.
 */
export async function startAdminSocket(deps: VaultDeps): Promise<AdminSocket> {
  const { path, folder } = findAdminSocketPath(deps.config.dataDir);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  if (!isOwnFolder(folder)) {
    deps.log.warn({ folder }, 'the admin socket is not opened: its folder is not of this user');
    return { close: async () => {} };
  }
  // Several servers on PostgreSQL may share a data directory: the first has the socket.
  if (await isAnswering(path)) return { close: async () => {} };
  rmSync(path, { force: true });
  const server = createServer((incoming, outgoing) => {
    void answer(deps, incoming, outgoing);
  });
  const before = process.umask(0o177);
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(path, resolve);
    });
  } finally {
    process.umask(before);
  }
  chmodSync(path, 0o600);
  return {
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function isAnswering(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

async function answer(deps: VaultDeps, incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
  try {
    const name = decodeURIComponent((incoming.url ?? '').replace(/^\/operations\//, ''));
    const input = JSON.parse(await readText(incoming));
    if (isLineOperation(name)) {
      await writeLines(deps, name, input, outgoing);
      return;
    }
    const result = await runOperation(deps, name, input);
    outgoing.writeHead(200, { 'Content-Type': 'application/json' }).end(JSON.stringify({ result }));
  } catch (error) {
    const { code, message } =
      error instanceof OperationError
        ? error
        : new OperationError('invalid_request', 'The request is not valid.');
    if (outgoing.headersSent) outgoing.end(`!${JSON.stringify({ code, message })}\n`);
    else {
      outgoing
        .writeHead(400, { 'Content-Type': 'application/json' })
        .end(JSON.stringify({ error: { code, message } }));
    }
  }
}

async function readText(incoming: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of incoming) {
    bytes += chunk.length;
    if (bytes > bodyBytesMax) throw new OperationError('payload_too_large', 'The request is too large.');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** Each line behind `+`, an error behind `!`, and `.` at the end, so that a cut connection is no short answer. */
async function writeLines(
  deps: VaultDeps,
  name: string,
  input: unknown,
  outgoing: ServerResponse,
): Promise<void> {
  const ended = new AbortController();
  outgoing.once('close', () => ended.abort());
  const signal = deps.stopping ? AbortSignal.any([ended.signal, deps.stopping]) : ended.signal;
  outgoing.writeHead(200, { 'Content-Type': 'text/plain; charset=utf-8' }).flushHeaders();
  for await (const line of runLineOperation(deps, name, input, signal)) {
    if (signal.aborted) break;
    if (!outgoing.write(`+${line}\n`)) {
      await new Promise<void>((resolve) => {
        outgoing.once('drain', resolve);
        signal.addEventListener('abort', () => resolve(), { once: true });
      });
    }
  }
  outgoing.end('.\n');
}
