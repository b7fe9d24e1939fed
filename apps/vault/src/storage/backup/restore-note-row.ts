import type { Storage } from '../database/storage.js';
import { restoreNoteKey } from './backup-facts.js';

/** Replaces the note about the restore that this database came from. */
export async function storeRestoreNote(storage: Storage, value: Buffer): Promise<void> {
  await storage.db.updateTable('meta').set({ value }).where('key', '=', restoreNoteKey).execute();
}
