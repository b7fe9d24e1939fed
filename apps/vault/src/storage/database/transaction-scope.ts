import { AsyncLocalStorage } from 'node:async_hooks';

/** Knows whether the running code was called from inside a transaction. */
export interface TransactionScope {
  run<T>(work: () => Promise<T>): Promise<T>;
  isInside(): boolean;
}

/** A scope of its own for each storage, so that two storages in one process do not mix. */
export function createTransactionScope(): TransactionScope {
  const marker = new AsyncLocalStorage<true>();
  return {
    run: (work) => marker.run(true, work),
    isInside: () => marker.getStore() === true,
  };
}
