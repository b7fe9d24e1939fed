import type { Transaction } from 'kysely';
import type { Tables } from '../tables.js';

/** Databases that the vault runs on. */
export type DatabaseKind = 'sqlite' | 'postgres';

/** One step forward; there is none back (F4). Once released it never changes: the next step corrects it. */
export interface Migration {
  /** Sorts after every earlier one: `002-…`. */
  readonly name: string;
  run(trx: Transaction<Tables>, kind: DatabaseKind): Promise<void>;
}
