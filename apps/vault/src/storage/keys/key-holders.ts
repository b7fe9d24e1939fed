import { sql } from 'kysely';
import type { Storage } from '../database/storage.js';

/** A process that has the database open, and the root keys it can use. */
export interface KeyHolder {
  readonly processId: string;
  readonly host: string;
  readonly keyIds: readonly string[];
  /** Since its last sign of life, in the time that all processes share. */
  readonly silentMs: number;
}

/** Says that a process lives and which root keys it has. */
export async function noteKeyHolder(
  storage: Storage,
  holder: { processId: string; host: string; keyIds: readonly string[] },
): Promise<void> {
  const now = storage.sharedNow();
  await sql`
    insert into root_key_holders (process_id, host, key_ids_json, seen_at)
    values (${holder.processId}, ${holder.host}, ${JSON.stringify(holder.keyIds)}, ${now})
    on conflict (process_id) do update set seen_at = ${now}, key_ids_json = excluded.key_ids_json`.execute(
    storage.db,
  );
}

/** Says that a process has ended; forgets those that were silent for a day with it. */
export async function removeKeyHolder(storage: Storage, processId: string): Promise<void> {
  await sql`
    delete from root_key_holders
    where process_id = ${processId} or seen_at < ${storage.sharedNow()} - 86400000`.execute(storage.db);
}

/** Every process that has not said that it ended. */
export async function listKeyHolders(storage: Storage): Promise<KeyHolder[]> {
  const { rows } = await sql<{ process_id: string; host: string; key_ids_json: string; silent_ms: number }>`
    select process_id, host, key_ids_json, ${storage.sharedNow()} - seen_at as silent_ms
    from root_key_holders order by process_id`.execute(storage.db);
  return rows.map((row) => ({
    processId: row.process_id,
    host: row.host,
    keyIds: JSON.parse(row.key_ids_json) as string[],
    silentMs: Number(row.silent_ms),
  }));
}
