import type { Storage } from './storage.js';

/** Connections of this process's pool, and callers that wait for one. */
export interface PoolUse {
  readonly used: number;
  readonly idle: number;
  readonly waiting: number;
  readonly max: number;
}

/** How the pool is used now; null on SQLite, which has none. */
export function readPoolUse(storage: Storage): PoolUse | null {
  if (storage.native.kind !== 'postgres') return null;
  const { totalCount, idleCount, waitingCount, options } = storage.native.pool;
  // The one that is set aside counts among those that are allowed; it is not what callers wait for.
  const max = options.max + (storage.urgent === storage.db ? 0 : 1);
  return { used: totalCount - idleCount, idle: idleCount, waiting: waitingCount, max };
}
