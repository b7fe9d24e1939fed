import { uuidv7 } from 'uuidv7';
import type { Storage } from '../database/storage.js';

/** Rows never change, so what was found once is right for ever; the bound keeps strangers from filling the memory. */
const cachedMax = 10_000;
const caches = new WeakMap<Storage, Map<string, string>>();

/** Finds the id of a caller that an app names, or registers it; asks the database once per process and caller. */
export async function resolveActorId(
  storage: Storage,
  seen: { appId: string; caller: string; callerType: string; nowMs: number },
): Promise<string> {
  let cache = caches.get(storage);
  if (!cache) {
    cache = new Map();
    caches.set(storage, cache);
  }
  const key = JSON.stringify([seen.appId, seen.callerType, seen.caller]);
  const cached = cache.get(key);
  if (cached !== undefined) return cached;
  const id = (await findActorId(storage, seen)) ?? (await insertActor(storage, seen));
  if (cache.size >= cachedMax) cache.clear();
  cache.set(key, id);
  return id;
}

/** Whether an actor id belongs to the app. */
export async function isActorOfApp(storage: Storage, appId: string, actorId: string): Promise<boolean> {
  const row = await storage.db
    .selectFrom('actors')
    .select('id')
    .where('app_id', '=', appId)
    .where('id', '=', actorId)
    .executeTakeFirst();
  return row !== undefined;
}

async function findActorId(
  storage: Storage,
  seen: { appId: string; caller: string; callerType: string },
): Promise<string | undefined> {
  const row = await storage.db
    .selectFrom('actors')
    .select('id')
    .where('app_id', '=', seen.appId)
    .where('caller', '=', seen.caller)
    .where('caller_type', '=', seen.callerType)
    .executeTakeFirst();
  return row?.id;
}

async function insertActor(
  storage: Storage,
  seen: { appId: string; caller: string; callerType: string; nowMs: number },
): Promise<string> {
  const id = uuidv7();
  await storage.db
    .insertInto('actors')
    .values({
      app_id: seen.appId,
      id,
      caller: seen.caller,
      caller_type: seen.callerType,
      created_at: seen.nowMs,
    })
    .onConflict((conflict) => conflict.columns(['app_id', 'caller', 'caller_type']).doNothing())
    .execute();
  // Another process may have been first.
  return (await findActorId(storage, seen)) ?? id;
}
