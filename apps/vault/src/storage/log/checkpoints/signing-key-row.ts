import type { Storage } from '../../database/storage.js';
import { auditRegisterKey, RegisterRaceError } from '../audit-chains.js';
import { checkpointHeadKey } from './checkpoint-rows.js';

/** Key of the sealed signing key in `meta`. */
export const signingKeyKey = 'audit_signing_key';

/** What begins checkpoints in a database: all sealed. */
export interface CheckpointBeginning {
  /** The register that names the signing key. */
  readonly register: Buffer;
  readonly signingKey: Buffer;
  /** The head before the first checkpoint. */
  readonly head: Buffer;
}

/**
 * Stores the signing key, the first head and the register that names the key, in one transaction. `prepare` gets the register as it
 * is and gives null where checkpoints have begun already. @returns whether it was done
 */
export function beginCheckpoints(
  storage: Storage,
  prepare: (register: Buffer | null) => CheckpointBeginning | null,
): Promise<boolean> {
  return storage.transaction(async (trx) => {
    const row = await trx
      .selectFrom('meta')
      .select('value')
      .where('key', '=', auditRegisterKey)
      .executeTakeFirst();
    const beginning = prepare(row?.value ?? null);
    if (beginning === null || row === undefined) return false;
    const result = await trx
      .updateTable('meta')
      .set({ value: beginning.register })
      .where('key', '=', auditRegisterKey)
      .where('value', '=', row.value)
      .executeTakeFirst();
    if (result.numUpdatedRows !== 1n) throw new RegisterRaceError();
    await trx
      .insertInto('meta')
      .values([
        { key: signingKeyKey, value: beginning.signingKey },
        { key: checkpointHeadKey, value: beginning.head },
      ])
      .execute();
    return true;
  });
}
