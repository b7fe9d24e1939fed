import { spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { findFreePort } from './ports.js';

/** A real PgBouncer in front of a PostgreSQL server. */
export interface PgBouncer {
  readonly port: number;
  /** The same database, through the pooler. */
  urlOf(databaseUrl: string): string;
  /** Ends it at once. */
  stop(): Promise<void>;
}

/**
 * Starts one in transaction mode before the server of `databaseUrl`, where all its clients are the user of that URL.
 * @param settings what else its section of pgbouncer.ini says
 */
export async function startPgBouncer(
  program: string,
  databaseUrl: string,
  settings: Readonly<Record<string, number>>,
): Promise<PgBouncer> {
  const target = new URL(databaseUrl);
  const port = await findFreePort();
  const folder = mkdtempSync(join(tmpdir(), 'alter-pgbouncer-'));
  const config = join(folder, 'pgbouncer.ini');
  const login = [
    `user=${decodeURIComponent(target.username) || 'postgres'}`,
    ...(target.password ? [`password=${decodeURIComponent(target.password)}`] : []),
  ].join(' ');
  writeFileSync(
    config,
    `[databases]
* = host=${target.hostname} port=${target.port || 5432} ${login}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = any
pool_mode = transaction
log_connections = 0
log_disconnections = 0
${Object.entries(settings)
  .map(([name, value]) => `${name} = ${value}\n`)
  .join('')}`,
  );
  chmodSync(folder, 0o755);
  // It refuses to be root.
  const user = process.getuid?.() === 0 ? ['-u', 'nobody'] : [];
  const child = spawn(program, [...user, config], { cwd: '/', stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const deadlineMs = Date.now() + 10_000;
  while (!(await canConnect(port))) {
    if (Date.now() > deadlineMs || child.exitCode !== null) {
      child.kill('SIGKILL');
      throw new Error(`pgbouncer did not start:\n${output}`);
    }
    await sleep(50);
  }
  return {
    port,
    urlOf: (url) => {
      const through = new URL(url);
      through.hostname = '127.0.0.1';
      through.port = String(port);
      return through.href;
    },
    async stop() {
      child.kill('SIGKILL');
      await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function canConnect(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
