import type { Client } from 'pg';
import { readErrorCode } from '../database-error.js';
import type { Storage } from '../storage.js';

/**
 * What stands between this process and PostgreSQL. `other` is a pooler that gives each connection a server of its own while it
 * lasts, as session pooling does, or that is too busy to tell.
 */
export type Pooler = 'none' | 'transaction' | 'statement' | 'other';

const triesMax = 8;

/** Finds out with two connections of its own; null on SQLite. Changes nothing. */
export async function detectPooler(storage: Storage): Promise<Pooler | null> {
  if (storage.native.kind !== 'postgres') return null;
  const { connectionString, options } = storage.native.pool.options;
  // A server on SQLite never needs the driver.
  const { default: pg } = await import('pg');
  const open = async (): Promise<Client> => {
    const client = new pg.Client({
      ...(connectionString === undefined ? {} : { connectionString }),
      ...(options === undefined ? {} : { options }),
      application_name: 'alter-doctor',
      connectionTimeoutMillis: 10_000,
      query_timeout: 10_000,
    });
    client.on('error', () => {});
    await client.connect();
    return client;
  };
  const first = await open();
  try {
    const server = await readServer(first);
    // PostgreSQL names its process when a connection begins; a pooler names none, since it may change.
    if (Reflect.get(first, 'processID') === server) return 'none';
    const second = await open();
    try {
      return await compareServers(first, second);
    } finally {
      await second.end();
    }
  } finally {
    await first.end();
  }
}

/**
 * Session pooling keeps one server for each connection. So a connection whose server changes, or two open ones with the same server,
 * share servers between transactions, whichever of those at hand the pooler likes to give next.
 */
async function compareServers(first: Client, second: Client): Promise<Pooler> {
  const own = await readServer(first);
  for (let attempt = 0; attempt < triesMax; attempt += 1) {
    // Twice, so that a pooler that goes round an even number of servers does not give each of us always the same one.
    if ((await readServer(first)) !== own || (await readServer(first)) !== own) return 'transaction';
    try {
      await second.query('begin');
    } catch (error) {
      if (readErrorCode(error) === '08P01') return 'statement';
      throw error;
    }
    const other = await readServer(second);
    await second.query('rollback');
    if (own === other) return 'transaction';
  }
  return 'other';
}

async function readServer(client: Client): Promise<number> {
  const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid');
  return rows[0]?.pid ?? 0;
}
