import { type ChildProcess, spawn } from 'node:child_process';
import { chownSync, mkdirSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { findFreePort } from '../../harness/ports.js';
import { findOwner } from './run-program.js';

/** A running pooler. */
export interface Pooler {
  readonly port: number;
  close(): Promise<void>;
}

/** Starts PgBouncer in transaction mode before the server on `targetPort`. */
export async function startPgbouncer(program: string, folder: string, targetPort: number): Promise<Pooler> {
  const owner = findOwner();
  mkdirSync(folder, { recursive: true });
  const port = await findFreePort();
  const file = join(folder, 'pgbouncer.ini');
  const users = join(folder, 'users.txt');
  writeFileSync(users, '"vault" ""\n');
  writeFileSync(
    file,
    [
      '[databases]',
      `* = host=127.0.0.1 port=${targetPort}`,
      '[pgbouncer]',
      'listen_addr = 127.0.0.1',
      `listen_port = ${port}`,
      'unix_socket_dir =',
      'auth_type = trust',
      `auth_file = ${users}`,
      'pool_mode = transaction',
      'default_pool_size = 20',
      'max_client_conn = 300',
      'server_login_retry = 1',
      'server_connect_timeout = 5',
      'query_wait_timeout = 8',
      '',
    ].join('\n'),
  );
  if (owner) for (const path of [folder, file, users]) chownSync(path, owner.uid, owner.gid);
  const child: ChildProcess = spawn(program, ['-q', file], { ...owner, cwd: '/', stdio: 'ignore' });
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  for (let tries = 0; !(await canConnect(port)); tries += 1) {
    if (tries > 50 || child.exitCode !== null) throw new Error('pgbouncer did not start');
    await sleep(100);
  }
  return {
    port,
    close: async () => {
      child.kill('SIGKILL');
      await ended;
    },
  };
}

function canConnect(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' });
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
