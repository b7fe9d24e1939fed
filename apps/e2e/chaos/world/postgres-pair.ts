import { appendFileSync, chownSync, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { findFreePort } from '../../harness/machine/ports.js';
import { findOwner, runProgram } from './run-program.js';

interface Node {
  readonly dataDir: string;
  readonly port: number;
}

/** A throwaway PostgreSQL that syncs to the disk, with a synchronous standby where pg_basebackup is there. */
export interface PostgresPair {
  port(): number;
  hasStandby(): boolean;
  /** As after a loss of power: no checkpoint, recovery from the log at the next start. */
  stopImmediately(): Promise<void>;
  start(): Promise<void>;
  /** The primary is gone for good, the standby takes its place. A new standby is made in the background. */
  promote(): Promise<void>;
  /** The standby receives nothing: commits wait for it, reads go on. The answer ends it. */
  holdStandby(): Promise<() => void>;
  /** A connection as superuser to the primary. */
  connect(): Promise<pg.Client>;
  close(): Promise<void>;
}

const role = 'vault';
const database = 'vault';

/** Makes one in `folder`, with a database `vault` whose owner `vault` is no superuser. */
export async function startPostgresPair(binaries: string, folder: string): Promise<PostgresPair> {
  const owner = findOwner();
  mkdirSync(folder, { recursive: true });
  if (owner) chownSync(folder, owner.uid, owner.gid);
  const run = (name: string, ...args: string[]) => runProgram(join(binaries, name), args, owner);
  const canCopy = existsSync(join(binaries, 'pg_basebackup'));
  let count = 0;
  let primary: Node;
  let standby: Node | undefined;
  let building: Promise<void> = Promise.resolve();
  let isClosed = false;

  async function nameNode(): Promise<Node> {
    count += 1;
    return { dataDir: join(folder, `node-${count}`), port: await findFreePort() };
  }
  const start = (node: Node) =>
    run('pg_ctl', '-D', node.dataDir, '-w', '-t', '50', '-l', join(folder, `log-${node.port}`), 'start');
  const stop = (node: Node) => run('pg_ctl', '-D', node.dataDir, '-m', 'immediate', '-w', 'stop');

  async function connectTo(node: Node, name = 'postgres'): Promise<pg.Client> {
    const client = new pg.Client({
      host: '127.0.0.1',
      port: node.port,
      user: 'postgres',
      database: name,
      connectionTimeoutMillis: 3_000,
      query_timeout: 5_000,
    });
    client.on('error', () => {});
    await client.connect();
    return client;
  }

  async function execute(node: Node, ...statements: string[]): Promise<void> {
    const client = await connectTo(node);
    try {
      for (const statement of statements) await client.query(statement);
    } finally {
      await client.end().catch(() => {});
    }
  }

  async function buildStandby(): Promise<void> {
    const source = primary;
    const node = await nameNode();
    const where = ['-h', '127.0.0.1', '-p', String(source.port), '-U', 'postgres'];
    await run('pg_basebackup', ...where, '-D', node.dataDir, '-X', 'stream', '-c', 'fast', '-R');
    appendFileSync(
      join(node.dataDir, 'postgresql.auto.conf'),
      `port = ${node.port}\nsynchronous_standby_names = ''\n`,
    );
    await start(node);
    for (let tries = 0; tries < 100; tries += 1) {
      const client = await connectTo(source);
      const { rows } = await client.query("select 1 from pg_stat_replication where state = 'streaming'");
      await client.end();
      if (rows.length > 0) break;
      await sleep(100);
    }
    await execute(source, "alter system set synchronous_standby_names = '*'", 'select pg_reload_conf()');
    standby = node;
  }

  function buildInBackground(): void {
    if (!canCopy) return;
    building = (async () => {
      for (let tries = 0; tries < 30 && !isClosed && standby === undefined; tries += 1) {
        await buildStandby().catch(() => sleep(1_000));
      }
    })();
  }

  primary = await nameNode();
  await run(
    'initdb',
    '-D',
    primary.dataDir,
    '-A',
    'trust',
    '-U',
    'postgres',
    '-E',
    'UTF8',
    '--locale=C.UTF-8',
  );
  writeFileSync(
    join(primary.dataDir, 'postgresql.auto.conf'),
    [
      `port = ${primary.port}`,
      "listen_addresses = '127.0.0.1'",
      `unix_socket_directories = '${folder}'`,
      'fsync = on',
      'max_connections = 70',
      'wal_level = replica',
      'max_wal_senders = 6',
      'hot_standby = on',
      "wal_keep_size = '128MB'",
      "wal_retrieve_retry_interval = '300ms'",
      "shared_buffers = '64MB'",
      '',
    ].join('\n'),
  );
  await start(primary);
  await execute(primary, `create role ${role} login`, `create database ${database} owner ${role}`);
  if (canCopy) await buildStandby();

  return {
    port: () => primary.port,
    hasStandby: () => standby !== undefined,
    stopImmediately: async () => void (await stop(primary)),
    start: async () => void (await start(primary)),
    async promote() {
      const next = standby;
      if (next === undefined) throw new Error('no standby to promote');
      const old = primary;
      await stop(old);
      await run('pg_ctl', '-D', next.dataDir, '-w', 'promote');
      primary = next;
      standby = undefined;
      rmSync(old.dataDir, { recursive: true, force: true });
      buildInBackground();
    },
    async holdStandby() {
      const node = standby;
      if (node === undefined) throw new Error('no standby to hold');
      const client = await connectTo(node);
      const { rows } = await client.query<{ pid: number }>('select pid from pg_stat_wal_receiver');
      await client.end();
      const pid = rows[0]?.pid;
      if (pid === undefined) throw new Error('the standby receives nothing');
      process.kill(pid, 'SIGSTOP');
      return () => process.kill(pid, 'SIGCONT');
    },
    connect: () => connectTo(primary, database),
    async close() {
      isClosed = true;
      await building;
      for (const node of [standby, primary]) if (node) await stop(node).catch(() => {});
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
