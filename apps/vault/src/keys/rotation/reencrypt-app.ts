import { OpenError, readKeyId } from '@alter-ai/core-crypto';
import type { VaultDeps } from '../../deps.js';
import { listDataKeys } from '../../storage/keys/app-keys.js';
import { type SealedColumn, sealedColumns } from '../../storage/keys/sealed/sealed-columns.js';
import {
  listSealedRows,
  type Resealed,
  replaceSealed,
  type SealedRow,
} from '../../storage/keys/sealed/sealed-rows.js';
import type { RotationPosition } from './rotation-position.js';

/** Rows of one commit: how long a batch holds up other writers, and the event loop. */
const batchRows = 50;
const sealAttemptsMax = 3;

/** Hears of each batch before the next; false ends the pass where it is. */
export type OnBatch = (
  position: RotationPosition,
  batch: { changed: number; tookMs: number },
) => Promise<boolean>;

/**
 * Re-encrypts what is still sealed with a retired data key of an app, from `from` on, in small batches; each value only where nobody
 * has written a newer one. What does not open stays as it is, and its data key is noted. @returns the position at the end, or
 * undefined when `onBatch` ended it
 */
export async function reencryptApp(
  deps: Pick<VaultDeps, 'storage' | 'keyring'>,
  appId: string,
  from: RotationPosition,
  onBatch: OnBatch,
): Promise<RotationPosition | undefined> {
  const { storage, keyring } = deps;
  const dataKeys = await listDataKeys(storage, appId);
  const retired = new Set(dataKeys.filter((row) => row.retired_at !== null).map((row) => row.id));
  keyring.renewSealingKey(appId);
  let position = from;
  for (let column = from.column; column < sealedColumns.length; column += 1) {
    const at = sealedColumns[column];
    if (at === undefined) break;
    let after = column === from.column ? from.after : '';
    for (;;) {
      const startedMs = performance.now();
      const page = await listSealedRows(storage, at, { appId, afterId: after, limit: batchRows });
      const last = page.at(-1);
      if (last === undefined) break;
      const { values, unreadable } = await resealAll(deps, { appId, at, retired }, page);
      const changed = values.length === 0 ? 0 : await replaceSealed(storage, at, appId, values);
      after = last.id;
      position = {
        ...position,
        column,
        after,
        seen: position.seen + page.length,
        passChanged: position.passChanged + changed,
        keptKeys: [...new Set([...position.keptKeys, ...unreadable])],
      };
      if (!(await onBatch(position, { changed, tookMs: performance.now() - startedMs }))) return undefined;
      if (page.length < batchRows) break;
    }
  }
  return position;
}

async function resealAll(
  deps: Pick<VaultDeps, 'keyring'>,
  place: { appId: string; at: SealedColumn; retired: ReadonlySet<string> },
  page: readonly SealedRow[],
): Promise<{ values: Resealed[]; unreadable: string[] }> {
  const values: Resealed[] = [];
  const unreadable: string[] = [];
  for (const { id, sealed } of page) {
    const dataKeyId = findKeyId(sealed);
    if (dataKeyId === undefined || !place.retired.has(dataKeyId)) continue;
    try {
      values.push({ id, sealed, resealed: await reseal(deps, place, { id, sealed }) });
    } catch (error) {
      if (!(error instanceof OpenError)) throw error;
      unreadable.push(dataKeyId);
    }
  }
  return { values, unreadable };
}

async function reseal(
  deps: Pick<VaultDeps, 'keyring'>,
  place: { appId: string; at: SealedColumn; retired: ReadonlySet<string> },
  row: SealedRow,
): Promise<Buffer> {
  const { keyring } = deps;
  const { table, fields } = place.at;
  const contexts = fields.map((field) => ({ table, rowId: row.id, appId: place.appId, field }));
  const { context, plaintext } = await keyring.openAny(contexts, row.sealed);
  for (let attempt = 1; attempt <= sealAttemptsMax; attempt += 1) {
    const resealed = await keyring.seal(context, plaintext);
    if (!place.retired.has(readKeyId(resealed))) return resealed;
    // A key that this process was just making when the rotation began.
    keyring.renewSealingKey(place.appId);
  }
  throw new Error('The data key is retired as soon as it is made.');
}

function findKeyId(sealed: Buffer): string | undefined {
  try {
    return readKeyId(sealed);
  } catch {
    return undefined;
  }
}
