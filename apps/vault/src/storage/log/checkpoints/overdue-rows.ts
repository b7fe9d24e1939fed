import { sql } from 'kysely';
import type { Storage } from '../../database/storage.js';
import type { AuditOverdueTable } from '../../tables/log-tables.js';
import type { CoveredPositions } from './checkpoint-rows.js';

/**
 * Looks once at the chains that have records without a checkpoint: what is seen for the first time is noted with the chain's end,
 * what was noted counts one look more, and what a checkpoint covers meanwhile is forgotten. No clock is asked, only how often
 * somebody looked, so that clocks that step and servers that stand still are no matter.
 */
export async function lookForOverdue(storage: Storage, covered: CoveredPositions): Promise<void> {
  const reach = (chainId: string) => covered.get(chainId)?.sequence ?? 0;
  await storage.transaction(async (trx) => {
    const noted = new Set<string>();
    for (const row of await trx.selectFrom('audit_overdue').selectAll().execute()) {
      if (reach(row.chain_id) < row.sequence) noted.add(row.chain_id);
      else await trx.deleteFrom('audit_overdue').where('chain_id', '=', row.chain_id).execute();
    }
    // Nobody can have looked less than never.
    await sql`update audit_overdue set looks = case when looks < 0 then 1 else looks + 1 end`.execute(trx);
    const chains = await trx.selectFrom('audit_chains').select(['id', 'sequence']).execute();
    for (const { id, sequence } of chains) {
      if (sequence <= reach(id) || noted.has(id)) continue;
      await trx.insertInto('audit_overdue').values({ chain_id: id, sequence, looks: 0 }).execute();
    }
  });
}

/** Chains that were looked at so often, and whose noted record no checkpoint covers even now. */
export async function listOverdue(
  storage: Storage,
  looksMin: number,
  covered: CoveredPositions,
): Promise<AuditOverdueTable[]> {
  const rows = await storage.db
    .selectFrom('audit_overdue')
    .selectAll()
    .where('looks', '>=', looksMin)
    .orderBy('chain_id')
    .execute();
  return rows.filter((row) => (covered.get(row.chain_id)?.sequence ?? 0) < row.sequence);
}
