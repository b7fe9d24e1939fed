import { uuidv7 } from 'uuidv7';
import type { Storage } from '../database/storage.js';

/** Rows never change, so what was found once is right for ever; the bound keeps strangers from filling the memory. */
const cachedMax = 10_000;
const caches = new WeakMap<Storage, Map<string, string>>();

/** A caller as a request names it. */
export interface SeenCaller {
  readonly appId: string;
  readonly caller: string;
  readonly callerType: string;
}

/** Finds the id of a caller that has been seen before; asks the database once per process and caller. */
export async function findActorId(storage: Storage, seen: SeenCaller): Promise<string | undefined> {
  const cached = cacheOf(storage).get(keyOf(seen));
  if (cached !== undefined) return cached;
  const id = await selectActorId(storage, seen);
  if (id !== undefined) remember(storage, seen, id);
  return id;
}

/** Registers a caller, unless it is registered already, and answers its id. */
export async function registerActor(storage: Storage, seen: SeenCaller, nowMs: number): Promise<string> {
  const id = (await findActorId(storage, seen)) ?? (await insertActor(storage, seen, nowMs));
  remember(storage, seen, id);
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

async function selectActorId(storage: Storage, seen: SeenCaller): Promise<string | undefined> {
  const row = await storage.db
    .selectFrom('actors')
    .select('id')
    .where('app_id', '=', seen.appId)
    .where('caller', '=', seen.caller)
    .where('caller_type', '=', seen.callerType)
    .executeTakeFirst();
  return row?.id;
}

async function insertActor(storage: Storage, seen: SeenCaller, nowMs: number): Promise<string> {
  const id = uuidv7();
  await storage.db
    .insertInto('actors')
    .values({
      app_id: seen.appId,
      id,
      caller: seen.caller,
      caller_type: seen.callerType,
      created_at: nowMs,
    })
    .onConflict((conflict) => conflict.columns(['app_id', 'caller', 'caller_type']).doNothing())
    .execute();
  // Another process may have been first.
  return (await selectActorId(storage, seen)) ?? id;
}

function cacheOf(storage: Storage): Map<string, string> {
  let cache = caches.get(storage);
  if (!cache) {
    cache = new Map();
    caches.set(storage, cache);
  }
  return cache;
}

function keyOf(seen: SeenCaller): string {
  return JSON.stringify([seen.appId, seen.callerType, seen.caller]);
}

function remember(storage: Storage, seen: SeenCaller, id: string): void {
  const cache = cacheOf(storage);
  if (cache.size >= cachedMax) cache.clear();
  cache.set(keyOf(seen), id);
}
