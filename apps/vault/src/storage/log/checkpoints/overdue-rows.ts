import { sql } from 'kysely';
import type { Storage } from '../../database/storage.js';
import type { AuditOverdueTable } from '../../tables/log-tables.js';

/**
 * Looks once at the chains that have records without a checkpoint: what is seen for the first time is noted with the chain's end,
 * what was noted counts one look more, and what a checkpoint covers meanwhile is forgotten. No clock is asked, only how often
 * somebody looked, so that clocks that step and servers that stand still are no matter.
 */
export async function lookForOverdue(storage: Storage): Promise<void> {
  await storage.transaction(async (trx) => {
    await sql`delete from audit_overdue where exists (select 1 from audit_checkpoint_chains c
      where c.chain_id = audit_overdue.chain_id and c.last_sequence >= audit_overdue.sequence)`.execute(trx);
    await sql`update audit_overdue set looks = looks + 1`.execute(trx);
    await sql`insert into audit_overdue (chain_id, sequence, looks)
      select id, sequence, 0 from audit_chains
      where sequence > coalesce((select max(c.last_sequence) from audit_checkpoint_chains c where c.chain_id = audit_chains.id), 0)
        and not exists (select 1 from audit_overdue o where o.chain_id = audit_chains.id)`.execute(trx);
  });
}

/** Chains that were looked at so often, and whose noted record no checkpoint covers even now. */
export function listOverdue(storage: Storage, looksMin: number): Promise<AuditOverdueTable[]> {
  return storage.db
    .selectFrom('audit_overdue')
    .selectAll()
    .where('looks', '>=', looksMin)
    .where(
      sql<boolean>`not exists (select 1 from audit_checkpoint_chains c
        where c.chain_id = audit_overdue.chain_id and c.last_sequence >= audit_overdue.sequence)`,
    )
    .orderBy('chain_id')
    .execute();
}
