import type { Pool, PoolClient } from 'pg';
import { isUniqueViolation } from '../../database/database-error.js';
import { runWithRetries } from '../../database/retry.js';
import { nameAuditTable } from '../audit-tables.js';
import type { NonceKey } from '../nonces.js';
import type { AuditBatch, AuditWriter } from './audit-batch.js';

type Claims = readonly (NonceKey | null)[];
type Query = (text: string, values: unknown[]) => Promise<{ rows: unknown[]; rowCount: number | null }>;

/**
 * Writes a whole batch as one statement, which is one round trip and one commit (A6): nonces are nearly always new. Where one is
 * not, the unique key refuses the statement as a whole, and the batch is written again in three steps that find out which.
 */
export function createPostgresAuditWriter(pool: Pool): AuditWriter {
  return {
    write: async (claims, build) => {
      const optimistic = build(claims.map(() => true));
      try {
        await runWithRetries(() =>
          writeAtOnce((text, values) => pool.query(text, values), claims, optimistic),
        );
      } catch (error) {
        if (!isNonceViolation(error)) throw error;
        await runWithRetries(() => writeInSteps(pool, claims, build));
      }
    },
  };
}

async function writeAtOnce(query: Query, claims: Claims, batch: AuditBatch | null): Promise<void> {
  const values: unknown[] = [];
  const parts = ([0, 1, 2] as const).flatMap((turn) => {
    const keys = listKeys(claims, turn);
    if (keys.length === 0) return [];
    return [`n${turn} as (insert into nonces_${turn} (nonce) select unnest($${values.push(keys)}::text[]))`];
  });
  if (batch === null) {
    if (parts.length > 0) await query(`with ${parts.join(', ')} select 1`, values);
    return;
  }
  parts.push(`r as (${buildRecordInsert(batch, values)})`);
  const chain = `update audit_chains set sequence = $${values.push(batch.sequence)},
    sealed_head = $${values.push(batch.sealedHead)}, updated_at = $${values.push(batch.at)}
    where id = $${values.push(batch.chainId)}`;
  const { rowCount } = await query(`with ${parts.join(', ')} ${chain}`, values);
  if (rowCount !== 1) throw new Error('the audit chain of this process is not in the database any more');
}

async function writeInSteps(
  pool: Pool,
  claims: Claims,
  build: (accepted: readonly boolean[]) => AuditBatch | null,
): Promise<void> {
  const client = await pool.connect();
  let failure: Error | undefined;
  try {
    await client.query('begin');
    const accepted = await claimNonces(client, claims);
    await writeAtOnce((text, values) => client.query(text, values), [], build(accepted));
    await client.query('commit');
  } catch (error) {
    failure = error instanceof Error ? error : new Error('unknown failure', { cause: error });
    await client.query('rollback').then(
      () => {
        failure = undefined;
      },
      () => {},
    );
    throw error;
  } finally {
    // A connection that could not even roll back is thrown away.
    client.release(failure);
  }
}

async function claimNonces(client: PoolClient, claims: Claims): Promise<boolean[]> {
  const fresh = new Set<string>();
  for (const turn of [0, 1, 2] as const) {
    const keys = listKeys(claims, turn);
    if (keys.length === 0) continue;
    const { rows } = await client.query<{ nonce: string }>(
      `insert into nonces_${turn} (nonce) select unnest($1::text[]) on conflict do nothing returning nonce`,
      [keys],
    );
    for (const row of rows) fresh.add(row.nonce);
  }
  // Of two equal claims in one batch only the first is new.
  return claims.map((claim) => claim === null || fresh.delete(claim.key));
}

function listKeys(claims: Claims, turn: number): string[] {
  return claims.flatMap((claim) => (claim?.turn === turn ? [claim.key] : []));
}

function buildRecordInsert(batch: AuditBatch, values: unknown[]): string {
  const { rows } = batch;
  const columns: readonly [name: string, type: string, cells: readonly unknown[]][] = [
    ['sequence', 'bigint', rows.map((row) => row.sequence)],
    ['app_id', 'text', rows.map((row) => row.appId)],
    ['id', 'text', rows.map((row) => row.id)],
    ['at', 'bigint', rows.map((row) => row.at)],
    ['kind', 'text', rows.map((row) => row.kind)],
    ['grant_id', 'text', rows.map((row) => row.grantId)],
    ['provider_id', 'text', rows.map((row) => row.providerId)],
    ['user_id', 'text', rows.map((row) => row.userId)],
    ['outcome', 'text', rows.map((row) => row.outcome)],
    ['record', 'text', rows.map((row) => row.record)],
    ['hash', 'bytea', rows.map((row) => row.hash)],
  ];
  const names = columns.map(([name]) => name).join(', ');
  const chain = values.push(batch.chainId);
  const arrays = columns.map(([, type, cells]) => `$${values.push(cells)}::${type}[]`).join(', ');
  return `insert into ${nameAuditTable(batch.month)} (chain_id, ${names})
    select $${chain}::text, ${names} from unnest(${arrays}) as rows (${names})`;
}

function isNonceViolation(error: unknown): boolean {
  if (!isUniqueViolation(error) || typeof error !== 'object' || error === null) return false;
  return 'table' in error && typeof error.table === 'string' && error.table.startsWith('nonces_');
}
