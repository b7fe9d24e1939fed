import type { Selectable } from 'kysely';
import { isUniqueViolation } from '../database/database-error.js';
import type { Storage } from '../database/storage.js';
import type { AuditChainTable } from '../tables/log-tables.js';

/** A stored chain. */
export type AuditChainRow = Selectable<AuditChainTable>;

/** Key of the sealed list of all chains in `meta`. */
export const auditRegisterKey = 'audit_register';

/** Another process enlarged the register at the same time; the code is PostgreSQL's serialization failure, so the transaction runs again. */
export class RegisterRaceError extends Error {
  readonly code = '40001';
}

/**
 * Stores a new chain and, in the same transaction, the register that names it. `extend` gets the register as it is, null when
 * there is none, and gives the new one; what it throws ends the transaction. A register that is gone while there are chains is
 * never started anew: that would hide its loss.
 */
export async function insertAuditChain(
  storage: Storage,
  chain: AuditChainRow,
  extend: (register: Buffer | null) => Buffer,
): Promise<void> {
  await storage.transaction(async (trx) => {
    const row = await trx
      .selectFrom('meta')
      .select('value')
      .where('key', '=', auditRegisterKey)
      .executeTakeFirst();
    const value = extend(row?.value ?? null);
    if (row === undefined) {
      const chain = await trx.selectFrom('audit_chains').select('id').limit(1).executeTakeFirst();
      if (chain !== undefined) throw new RegisterRaceError();
      await trx
        .insertInto('meta')
        .values({ key: auditRegisterKey, value })
        .execute()
        .catch((error: unknown) => {
          throw isUniqueViolation(error) ? new RegisterRaceError() : error;
        });
    } else {
      const result = await trx
        .updateTable('meta')
        .set({ value })
        .where('key', '=', auditRegisterKey)
        .where('value', '=', row.value)
        .executeTakeFirst();
      if (result.numUpdatedRows !== 1n) throw new RegisterRaceError();
    }
    await trx.insertInto('audit_chains').values(chain).execute();
  });
}

/** Every chain, oldest first. */
export function listAuditChains(storage: Storage): Promise<AuditChainRow[]> {
  return storage.db.selectFrom('audit_chains').selectAll().orderBy('started_at').orderBy('id').execute();
}

/** One chain as it is now. */
export function findAuditChain(storage: Storage, id: string): Promise<AuditChainRow | undefined> {
  return storage.db.selectFrom('audit_chains').selectAll().where('id', '=', id).executeTakeFirst();
}

/** The sealed register of all chains, or null. */
export async function readAuditRegister(storage: Storage): Promise<Buffer | null> {
  const row = await storage.db
    .selectFrom('meta')
    .select('value')
    .where('key', '=', auditRegisterKey)
    .executeTakeFirst();
  return row?.value ?? null;
}
