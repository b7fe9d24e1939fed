import { sql } from 'kysely';
import type { Storage } from '../database/storage.js';

/** A setting of the database that decides whether a commit survives a crash. */
export interface DurabilitySetting {
  readonly name: string;
  readonly value: string;
  readonly isSafe: boolean;
}

const postgresSettings: Readonly<Record<string, readonly string[]>> = {
  fsync: ['on'],
  full_page_writes: ['on'],
  synchronous_commit: ['on', 'local', 'remote_write', 'remote_apply'],
};

/** Reads them as they hold for this server's own connections. */
export async function readDurability(storage: Storage): Promise<DurabilitySetting[]> {
  if (storage.native.kind === 'sqlite') {
    const { database } = storage.native;
    const synchronous = Number(database.pragma('synchronous', { simple: true }));
    const journal = String(database.pragma('journal_mode', { simple: true }));
    return [
      {
        name: 'synchronous',
        value: ['off', 'normal', 'full', 'extra'][synchronous] ?? String(synchronous),
        isSafe: synchronous >= 2,
      },
      { name: 'journal_mode', value: journal, isSafe: journal === 'wal' },
    ];
  }
  const { rows } = await sql<{ name: string; setting: string }>`
    select name, setting from pg_catalog.pg_settings where name in (${sql.join(Object.keys(postgresSettings))})
    order by name`.execute(storage.db);
  return rows.map(({ name, setting }) => ({
    name,
    value: setting,
    isSafe: postgresSettings[name]?.includes(setting) === true,
  }));
}
