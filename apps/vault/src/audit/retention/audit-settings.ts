import type { Transaction } from 'kysely';
import { z } from 'zod';
import type { Keyring } from '../../keys/keyring.js';
import type { Storage } from '../../storage/database/storage.js';
import { putMeta, readMeta } from '../../storage/keys/meta.js';
import type { Tables } from '../../storage/tables.js';

/** Settings of the audit log; null drops nothing, ever. */
export interface AuditSettings {
  /** How many whole months are kept beside the current one. */
  readonly retentionMonths: number | null;
}

const settingsKey = 'audit_settings';
const contentSchema = z.strictObject({ retention_months: z.int().min(1).nullable() });

/**
 * The settings as they are. Sealed, since whoever can change the database must not have the vault drop its own records (A5).
 * Throws OpenError.
 */
export async function readAuditSettings(deps: {
  storage: Storage;
  keyring: Keyring;
}): Promise<AuditSettings> {
  const sealed = await readMeta(deps.storage, settingsKey);
  if (sealed === null) return { retentionMonths: null };
  const content = contentSchema.parse(JSON.parse(deps.keyring.openMeta(settingsKey, sealed)));
  return { retentionMonths: content.retention_months };
}

/** Stores the settings, in the transaction of a whole file. */
export function writeAuditSettings(
  keyring: Keyring,
  settings: AuditSettings,
): (trx: Transaction<Tables>) => Promise<void> {
  const content = JSON.stringify({ retention_months: settings.retentionMonths });
  const sealed = keyring.sealMeta(settingsKey, content);
  return (trx) => putMeta(trx, settingsKey, sealed);
}
