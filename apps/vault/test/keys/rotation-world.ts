import type { VaultDeps } from '../../src/deps.js';
import { openTokens } from '../../src/grants/stored-tokens.js';
import { checkKeys } from '../../src/keys/inspect/check-keys.js';
import { beginAppRotations } from '../../src/keys/rotation/begin-app-rotation.js';
import { driveRotations } from '../../src/keys/rotation/drive-rotations.js';
import { followRotations, type RotationsProgress } from '../../src/keys/rotation/follow-rotations.js';
import { listDataKeys } from '../../src/storage/keys/app-keys.js';
import { callToken } from '../access/token-call.js';
import { connectAccount } from '../connect/connect-driver.js';
import type { ConnectStack } from '../connect/stack.js';

/** Calls under way get this long in tests: longer than a process goes on with a data key unasked. */
export const settleMs = 1_500;

/** Rotates one app from beginning to end, and gives the last progress. */
export async function rotateApp(deps: VaultDeps, slug = 'demo'): Promise<RotationsProgress> {
  const ids = await beginAppRotations(deps, { slug });
  const never = new AbortController().signal;
  await driveRotations(deps, { signal: never, isWaiting: true, settleMs, pauseFactor: 0.2 });
  for await (const progress of followRotations(deps, { ids }, never))
    if (progress.is_finished) return progress;
  throw new Error('the rotation did not end');
}

/** Connects some accounts and copies each credential, with its tokens sealed anew, until there are `count`. */
export async function connectMany(stack: ConnectStack, count: number): Promise<string> {
  const { deps, appIds } = stack.vault;
  const { grant_id: grantId } = await connectAccount(stack.vault, { provider: 'acme' });
  const appId = appIds.demo ?? '';
  const row = await deps.storage.db
    .selectFrom('credentials')
    .selectAll()
    .where('app_id', '=', appId)
    .executeTakeFirstOrThrow();
  const tokens = await openTokens(deps.keyring, { appId, credentialId: row.id }, row.sealed_tokens);
  const copies = Array.from({ length: count - 1 }, (_, index) => `copy-${String(index).padStart(6, '0')}`);
  for (let from = 0; from < copies.length; from += 100) {
    const values = copies.slice(from, from + 100).map(async (id) => {
      const place = { table: 'credentials', rowId: id, appId, field: 'tokens' };
      return { ...row, id, sealed_tokens: await deps.keyring.seal(place, JSON.stringify(tokens)) };
    });
    await deps.storage.db
      .insertInto('credentials')
      .values(await Promise.all(values))
      .execute();
  }
  return grantId;
}

/** Calls for a token again and again until stopped; counts the answers by status. */
export function keepCalling(stacks: readonly ConnectStack[], grantId: string) {
  const statuses = new Map<number, number>();
  let isStopped = false;
  const callers = stacks.flatMap((stack) =>
    Array.from({ length: 3 }, async () => {
      while (!isStopped) {
        const { status } = await callToken(stack, { grant_id: grantId });
        statuses.set(status, (statuses.get(status) ?? 0) + 1);
      }
    }),
  );
  return {
    stop: async (): Promise<Record<string, number>> => {
      isStopped = true;
      await Promise.all(callers);
      return Object.fromEntries(statuses);
    },
  };
}

/** What doctor finds about keys. */
export const checkKeysOf = checkKeys;

/** Ids of the data keys of an app, and which of them are retired. */
export async function readDataKeys(
  deps: VaultDeps,
  appId: string,
): Promise<{ all: string[]; retired: string[] }> {
  const rows = await listDataKeys(deps.storage, appId);
  const retired = rows.filter((row) => row.retired_at !== null);
  return { all: rows.map((row) => row.id), retired: retired.map((row) => row.id) };
}
