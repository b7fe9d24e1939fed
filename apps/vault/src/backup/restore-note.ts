import { z } from 'zod';
import type { VaultDeps } from '../deps.js';
import { restoreNoteKey } from '../storage/backup/backup-facts.js';
import { storeRestoreNote } from '../storage/backup/restore-note-row.js';
import type { Storage } from '../storage/database/storage.js';
import { readMeta } from '../storage/keys/meta.js';

const noteSchema = z.strictObject({
  /** When the backup was made. */
  made_at: z.number(),
  restored_at: z.number(),
  sha256: z.string(),
  /** Signed requests must be younger than this, Unix seconds; null where the backup knows every nonce. */
  signed_after: z.number().nullable(),
  is_recorded: z.boolean(),
});

/** What is known of the restore that a database came from. */
export type RestoreNote = z.output<typeof noteSchema>;

/** A request may be signed this far ahead of the clock (T1). */
const clockToleranceSeconds = 300;

/**
 * Writes the note that a restored database carries. The server that the backup was made of may have accepted requests after it, whose
 * nonces the backup does not know, up to now and signed up to 300 s ahead: none of those may be accepted again (T1).
 */
export function writeRestoreNote(input: {
  madeAtMs: number;
  restoredAtMs: number;
  sha256: string;
  knowsAllNonces: boolean;
}): Buffer {
  const note: RestoreNote = {
    made_at: input.madeAtMs,
    restored_at: input.restoredAtMs,
    sha256: input.sha256,
    signed_after: input.knowsAllNonces ? null : Math.ceil(input.restoredAtMs / 1000) + clockToleranceSeconds,
    is_recorded: false,
  };
  return Buffer.from(JSON.stringify(note));
}

/** Reads the note; null where the database was never restored. */
export async function readRestoreNote(storage: Storage): Promise<RestoreNote | null> {
  const value = await readMeta(storage, restoreNoteKey);
  return value === null ? null : noteSchema.parse(JSON.parse(value.toString('utf8')));
}

/** Puts the restore on record, once: what is missing between the backup and now is then explained by the log itself (A4). */
export async function recordRestore(deps: Pick<VaultDeps, 'storage' | 'audit'>): Promise<void> {
  const note = await readRestoreNote(deps.storage);
  if (note === null || note.is_recorded) return;
  await deps.audit.append({
    kind: 'backup.restored',
    appId: null,
    principal: 'operator',
    details: {
      made_at: new Date(note.made_at).toISOString(),
      restored_at: new Date(note.restored_at).toISOString(),
      sha256: note.sha256,
    },
  });
  const recorded: RestoreNote = { ...note, is_recorded: true };
  await storeRestoreNote(deps.storage, Buffer.from(JSON.stringify(recorded)));
}
