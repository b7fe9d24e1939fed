import type { VaultDeps } from '../../deps.js';
import { findAppKey } from '../../storage/keys/app-keys.js';
import { sealedColumns } from '../../storage/keys/sealed/sealed-columns.js';
import { countSealedRows } from '../../storage/keys/sealed/sealed-rows.js';
import { destroyAppSecrets, endAppUse } from '../../storage/keys/shred.js';
import { RotationError } from '../rotation-error.js';
import { type CopiesFate, destroyEverywhere, judgeCopies, listWrappers } from './outside-keys.js';

/** What shredding an app destroys, or has destroyed. */
export interface ShredResult {
  readonly app: string;
  readonly isDone: boolean;
  readonly values: number;
  readonly apiKeys: number;
  readonly grants: number;
  readonly copies: CopiesFate;
}

type Deps = Pick<VaultDeps, 'storage' | 'keyring' | 'audit' | 'clock'>;

/**
 * Destroys the key of an app, and with it everything that was ever sealed for the app (K2): first its API keys and grants are revoked,
 * then its keys outside of the database are destroyed, wherever it had one, then its keys inside, then the values. On record before
 * and after; after a kill in the middle it is done again from the beginning, which does no harm. Throws RotationError, KeyServiceError,
 * AuditUnavailableError
 */
export async function shredApp(deps: Deps, input: { slug: string; isDryRun: boolean }): Promise<ShredResult> {
  const { storage, keyring } = deps;
  const app = await findAppKey(storage, input.slug);
  if (app === undefined) throw new RotationError(`There is no app ${input.slug}.`, 'not_found');
  const wrappers = await listWrappers(deps, app);
  const copies = judgeCopies(keyring.rootKeys, wrappers);
  const values = await countValues(deps, app.id);
  const planned = { app: app.slug, values, apiKeys: 0, grants: 0, copies };
  if (input.isDryRun) return { ...planned, isDone: false };
  if (app.shredded_at !== null && values === 0) return { ...planned, isDone: true };
  const record = (outcome: string, details: Readonly<Record<string, number | boolean | string>>) =>
    deps.audit.append({ kind: 'app.shredded', appId: app.id, principal: 'operator', outcome, details });
  await record('begun', {
    values,
    is_gone_from_copies: copies.isGone,
    ...(copies.goneSinceMs === null
      ? {}
      : { gone_from_copies_since: new Date(copies.goneSinceMs).toISOString() }),
  });
  const ended = await endAppUse(storage, app.id, deps.clock());
  await destroyEverywhere(deps, app, wrappers);
  await destroyAppSecrets(storage, app.id, deps.clock());
  keyring.forgetApp(app.id);
  await record('done', { values, api_keys: ended.apiKeys, grants: ended.grants });
  return { ...planned, ...ended, isDone: true };
}

async function countValues(deps: Deps, appId: string): Promise<number> {
  let values = 0;
  for (const column of sealedColumns) values += await countSealedRows(deps.storage, column, appId);
  return values;
}
