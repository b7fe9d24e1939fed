import { readRestoreNote } from '../../backup/restore-note.js';
import type { VaultDeps } from '../../deps.js';
import { detectPooler, type Pooler } from '../../storage/database/postgres/detect-pooler.js';
import { listAppliedMigrations, migrations } from '../../storage/migrations/migrate.js';
import { type DurabilitySetting, readDurability } from '../../storage/settings/durability.js';
import type { DoctorCheck } from './doctor-check.js';

/** Whether the database answers, has all migrations, and keeps what it has committed. */
export async function checkDatabase(deps: Pick<VaultDeps, 'storage' | 'config'>): Promise<DoctorCheck[]> {
  const { storage } = deps;
  if (!(await storage.isUsable())) {
    return [{ name: 'database', status: 'failed', message: 'the database does not answer' }];
  }
  const applied = await listAppliedMigrations(storage);
  const missing = migrations.filter((migration) => !applied.includes(migration.name));
  const isCurrent = missing.length === 0 && applied.length === migrations.length;
  return [
    {
      name: 'database',
      status: isCurrent ? 'ok' : 'failed',
      message: `${storage.kind}, ${applied.length} of ${migrations.length} migrations applied`,
    },
    judgeDurability(await readDurability(storage), deps.config),
  ];
}

/** Commits must be on the disk when the database says so: the audit log's promise rests on it (A1, F1). */
export function judgeDurability(
  settings: readonly DurabilitySetting[],
  config: { readonly isDevelopment: boolean },
): DoctorCheck {
  const name = 'durability';
  const unsafe = settings.filter((setting) => !setting.isSafe);
  const list = (some: readonly DurabilitySetting[]) =>
    some.map((each) => `${each.name}=${each.value}`).join(', ');
  if (unsafe.length === 0) return { name, status: 'ok', message: list(settings) };
  return {
    name,
    // Databases of tests are often made fast this way.
    status: config.isDevelopment ? 'warning' : 'failed',
    message: `${list(unsafe)}: a crash may lose what was acknowledged; set it back to the database's default`,
  };
}

/** What stands between the vault and PostgreSQL. */
export async function checkPooler(deps: Pick<VaultDeps, 'storage'>): Promise<DoctorCheck[]> {
  const pooler = await detectPooler(deps.storage);
  return pooler === null ? [] : [judgePooler(pooler)];
}

/** Judges a pooler. */
export function judgePooler(pooler: Pooler): DoctorCheck {
  const name = 'pooler';
  switch (pooler) {
    case 'none':
      return { name, status: 'ok', message: 'none: connected to PostgreSQL itself' };
    case 'transaction':
      return {
        name,
        status: 'ok',
        message:
          'transaction pooling; fine: the vault uses no prepared statements, session settings, session locks or LISTEN',
      };
    case 'other':
      return {
        name,
        status: 'ok',
        message: 'a pooler in session mode; transaction mode needs fewer connections',
      };
    case 'statement':
      return {
        name,
        status: 'failed',
        message:
          'statement pooling has no transactions, and the vault needs them; set pool_mode = transaction',
      };
  }
}

/** Whether the data came out of a backup, and what follows from that. */
export async function checkRestore(deps: Pick<VaultDeps, 'storage' | 'clock'>): Promise<DoctorCheck[]> {
  const note = await readRestoreNote(deps.storage);
  if (note === null) return [];
  const madeAt = new Date(note.made_at).toISOString();
  const message = `restored at ${new Date(note.restored_at).toISOString()} from a backup of ${madeAt}; what was revoked after the backup is active again`;
  const isWaiting = note.signed_after !== null && note.signed_after * 1000 >= deps.clock();
  if (!isWaiting) return [{ name: 'restore', status: 'info', message }];
  const since = new Date((note.signed_after ?? 0) * 1000).toISOString();
  return [
    {
      name: 'restore',
      status: 'warning',
      message: `${message}; requests are accepted that are signed after ${since}`,
    },
  ];
}
