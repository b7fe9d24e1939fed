import { existsSync } from 'node:fs';
import { type IncomingMessage, request } from 'node:http';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';
import type { VaultConfig } from '../config.js';
import { createLogger } from '../logger.js';
import { openVault } from '../open-vault.js';
import { describeNoVault, hasVault } from './find-vault.js';
import { OperationError } from './operation.js';
import {
  type Answer,
  type LineOperationName,
  type Operations,
  runLineOperation,
  runOperation,
} from './run-operation.js';
import { findAdminSocketPath, isOwnFolder } from './socket-path.js';

/** Has operations done, wherever the vault is open. */
export interface AdminClient {
  /** Whether a running server does the work. */
  readonly isServerRunning: boolean;
  call<Name extends keyof Operations>(name: Name, input: unknown): Promise<Answer<Name>>;
  lines(name: LineOperationName, input: unknown, signal: AbortSignal): AsyncIterable<string>;
  close(): Promise<void>;
}

/**
 * Reaches the running server through its socket, or opens the vault itself when none runs; only with `mayBegin` it begins a new one.
 * @throws OperationError `socket_not_own`: the folder below the temporary directory is another user's, and would be told secrets;
 * `not_found`: there is no vault
 */
export async function openAdminClient(
  config: VaultConfig,
  options: { mayBegin?: boolean } = {},
): Promise<AdminClient> {
  const { path, folder } = findAdminSocketPath(config.dataDir);
  if (folder !== resolve(config.dataDir) && existsSync(folder) && !isOwnFolder(folder)) {
    throw new OperationError(
      'socket_not_own',
      `${folder} is where the server's socket would be, and belongs to somebody else. Nothing was sent there. Choose a shorter path for the data directory.`,
    );
  }
  if (existsSync(path) && (await isReachable(path))) return createSocketClient(path);
  const isThere = await hasVault(config);
  // In a wrong folder every answer would be about nothing, and look well.
  if (!isThere && options.mayBegin !== true) throw new OperationError('not_found', describeNoVault(config));
  const vault = await openVault(config, {
    log: createLogger('silent'),
    rootKeyPurpose: isThere ? 'open' : 'begin',
  });
  return {
    isServerRunning: false,
    call: async (name, input) => (await runOperation(vault.deps, name, input)) as never,
    lines: (name, input, signal) => runLineOperation(vault.deps, name, input, signal),
    close: () => vault.close(),
  };
}

function createSocketClient(path: string): AdminClient {
  return {
    isServerRunning: true,
    async call(name, input) {
      const answer = await send(path, name, input);
      let text = '';
      for await (const chunk of answer.setEncoding('utf8')) text += chunk;
      const body = JSON.parse(text) as { result?: unknown; error?: { code: string; message: string } };
      if (body.error) throw new OperationError(body.error.code, body.error.message);
      return body.result as never;
    },
    lines: (name, input, signal) => readLines(path, name, input, signal),
    close: async () => {},
  };
}

async function* readLines(
  path: string,
  name: string,
  input: unknown,
  signal: AbortSignal,
): AsyncGenerator<string> {
  const answer = await send(path, name, input, signal);
  try {
    for await (const line of createInterface({ input: answer })) {
      if (line === '.') return;
      if (line.startsWith('!')) {
        const { code, message } = JSON.parse(line.slice(1)) as { code: string; message: string };
        throw new OperationError(code, message);
      }
      yield line.slice(1);
    }
  } catch (error) {
    if (signal.aborted) return;
    throw error;
  }
  if (!signal.aborted)
    throw new OperationError('connection_lost', 'The server ended before the answer was complete.');
}

function send(path: string, name: string, input: unknown, signal?: AbortSignal): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const call = request(
      {
        socketPath: path,
        method: 'POST',
        path: `/operations/${encodeURIComponent(name)}`,
        headers: { 'Content-Type': 'application/json' },
        ...(signal ? { signal } : {}),
      },
      resolve,
    );
    call.once('error', reject);
    call.end(JSON.stringify(input));
  });
}

async function isReachable(path: string): Promise<boolean> {
  try {
    const answer = await send(path, 'ping', {});
    answer.resume();
    return true;
  } catch {
    return false;
  }
}
