import { readKeyId } from '@alter-ai/core-crypto';
import type { VaultDeps } from '../../deps.js';
import { type AppKeyRow, findAppKey } from '../../storage/keys/app-keys.js';
import { sealedColumns } from '../../storage/keys/sealed/sealed-columns.js';
import { countSealedRows } from '../../storage/keys/sealed/sealed-rows.js';
import { destroyAppSecrets, endAppUse } from '../../storage/keys/shred.js';
import type { RootKeyProvider } from '../root/root-key-provider.js';
import { RotationError } from '../rotation-error.js';

/** What shredding an app destroys, or has destroyed. */
export interface ShredResult {
  readonly app: string;
  readonly isDone: boolean;
  readonly values: number;
  readonly apiKeys: number;
  readonly grants: number;
  /** Whether copies of the database that were made before are unreadable too, though the root key is at hand. */
  readonly isGoneFromCopies: boolean;
}

type Deps = Pick<VaultDeps, 'storage' | 'keyring' | 'audit' | 'clock'>;

/**
 * Destroys the key of an app, and with it everything that was ever sealed for the app (K2): first its API keys and grants are revoked,
 * then the key of its own outside of the database is destroyed, where it has one, then its keys inside, then the values. On record before
 * and after; after a kill in the middle it is done again from the beginning, which does no harm. Throws RotationError, KeyServiceError,
 * AuditUnavailableError
 */
export async function shredApp(deps: Deps, input: { slug: string; isDryRun: boolean }): Promise<ShredResult> {
  const { storage, keyring } = deps;
  const app = await findAppKey(storage, input.slug);
  if (app === undefined) throw new RotationError(`There is no app ${input.slug}.`, 'not_found');
  const provider = findProvider(deps, app);
  const isGoneFromCopies = provider?.destroyAppKey !== undefined;
  const values = await countValues(deps, app.id);
  const planned = { app: app.slug, values, apiKeys: 0, grants: 0, isGoneFromCopies };
  if (input.isDryRun) return { ...planned, isDone: false };
  if (app.shredded_at !== null && values === 0) return { ...planned, isDone: true };
  const record = (outcome: string, details: Readonly<Record<string, number | boolean>>) =>
    deps.audit.append({ kind: 'app.shredded', appId: app.id, principal: 'operator', outcome, details });
  await record('begun', { values, is_gone_from_copies: isGoneFromCopies });
  const ended = await endAppUse(storage, app.id, deps.clock());
  await provider?.destroyAppKey?.(app.id);
  await destroyAppSecrets(storage, app.id, deps.clock());
  keyring.forgetApp(app.id);
  await record('done', { values, api_keys: ended.apiKeys, grants: ended.grants });
  return { ...planned, ...ended, isDone: true };
}

function findProvider(deps: Deps, app: AppKeyRow): RootKeyProvider | undefined {
  if (app.wrapped_key.length === 0) return undefined;
  const id = readKeyId(app.wrapped_key);
  const provider = deps.keyring.rootKeys.find(id);
  if (provider !== undefined) return provider;
  throw new RotationError(
    `The key of the app ${app.slug} is wrapped with root key ${id}, which this process does not have. Nothing was changed.`,
  );
}

async function countValues(deps: Deps, appId: string): Promise<number> {
  let values = 0;
  for (const column of sealedColumns) values += await countSealedRows(deps.storage, column, appId);
  return values;
}
