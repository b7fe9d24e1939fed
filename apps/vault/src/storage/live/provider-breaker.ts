import { sql } from 'kysely';
import type { Storage } from '../database/storage.js';

/** Names one provider configuration. */
export interface ProviderKey {
  readonly appId: string;
  readonly configId: string;
}

/** The breaker of a provider configuration (R7). */
export interface BreakerState {
  /** Shared time; null: closed. */
  readonly openUntilMs: number | null;
  /** How much longer it is open; 0 or less: half-open. Null: closed. */
  readonly openForMs: number | null;
  readonly code: string | null;
  readonly failures: number;
}

/** Reads the breaker; undefined when the configuration is gone. */
export async function findBreaker(storage: Storage, key: ProviderKey): Promise<BreakerState | undefined> {
  const row = await storage.db
    .selectFrom('provider_configs')
    .select(['breaker_open_until', 'breaker_code', 'breaker_failures', storage.sharedNow().as('read_at')])
    .where('app_id', '=', key.appId)
    .where('id', '=', key.configId)
    .executeTakeFirst();
  if (!row) return undefined;
  return {
    openUntilMs: row.breaker_open_until,
    openForMs: row.breaker_open_until === null ? null : row.breaker_open_until - row.read_at,
    code: row.breaker_code,
    failures: row.breaker_failures,
  };
}

/** Opens the breaker, or keeps it open for longer. */
export async function storeOpenBreaker(
  storage: Storage,
  key: ProviderKey,
  state: { openForMs: number; code: string; failures: number },
): Promise<void> {
  await storage.db
    .updateTable('provider_configs')
    .set({
      breaker_open_until: sql<number>`${storage.sharedNow()} + ${state.openForMs}`,
      breaker_code: state.code,
      breaker_failures: state.failures,
    })
    .where('app_id', '=', key.appId)
    .where('id', '=', key.configId)
    .execute();
}

/** Takes the one try of a half-open breaker. @returns false when somebody else has it */
export async function takeProbe(
  storage: Storage,
  key: ProviderKey,
  openUntilMs: number,
  probeMs: number,
): Promise<boolean> {
  const result = await storage.db
    .updateTable('provider_configs')
    .set({ breaker_open_until: sql<number>`${storage.sharedNow()} + ${probeMs}` })
    .where('app_id', '=', key.appId)
    .where('id', '=', key.configId)
    .where('breaker_open_until', '=', openUntilMs)
    .executeTakeFirst();
  return result.numUpdatedRows === 1n;
}

/** Closes the breaker. @returns whether it was open */
export async function storeClosedBreaker(storage: Storage, key: ProviderKey): Promise<boolean> {
  const result = await storage.db
    .updateTable('provider_configs')
    .set({ breaker_open_until: null, breaker_code: null, breaker_failures: 0 })
    .where('app_id', '=', key.appId)
    .where('id', '=', key.configId)
    .where('breaker_open_until', 'is not', null)
    .executeTakeFirst();
  return result.numUpdatedRows === 1n;
}
