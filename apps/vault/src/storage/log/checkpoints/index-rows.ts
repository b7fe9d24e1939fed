import { sql } from 'kysely';
import type { Storage } from '../../database/storage.js';

/** Keeps the digest of many rows in a number that every database and JavaScript can hold. */
export const indexModulus = 10_007;

/**
 * How many rows the index of checkpoints has of each chain, and a digest of them: of checkpoints up to a number, and of such as do not
 * exist.
 */
export async function summarizeIndex(
  storage: Storage,
  untilNumber: number,
): Promise<Map<string, { rows: number; digest: number }>> {
  const modulus = sql.lit(indexModulus);
  const { rows } = await sql<{ chain_id: string; rows: number | string; digest: number | string }>`
    select c.chain_id, count(*) as rows,
      sum((c.last_sequence % ${modulus}) * (c.number % ${modulus})) as digest
    from audit_checkpoint_chains c
    where c.number <= ${untilNumber} or not exists (select 1 from audit_checkpoints p where p.number = c.number)
    group by c.chain_id`.execute(storage.db);
  return new Map(rows.map((row) => [row.chain_id, { rows: Number(row.rows), digest: Number(row.digest) }]));
}
