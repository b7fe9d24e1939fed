import type { Transaction } from 'kysely';
import { isUniqueViolation } from '../../database/database-error.js';
import type { Storage } from '../../database/storage.js';
import type { AuditCheckpointTable } from '../../tables/log-tables.js';
import type { Tables } from '../../tables.js';

/** Key of the sealed head of the checkpoints in `meta`. */
export const checkpointHeadKey = 'audit_checkpoint_head';

const rowsPerPage = 200;

/** Another process made a checkpoint at the same time. */
export class CheckpointRaceError extends Error {
  readonly code = 'checkpoint_race';

  constructor() {
    super('Another process made a checkpoint at the same time.');
    this.name = 'CheckpointRaceError';
  }
}

/** A chain that has records which no checkpoint covers. */
export interface UncoveredChain {
  readonly id: string;
  readonly sequence: number;
  readonly sealed_head: Buffer;
  /** Its last record that a checkpoint covers; 0 when none is. */
  readonly covered: number;
}

/** Last records of chains that signed checkpoints cover, by chain id. */
export type CoveredPositions = ReadonlyMap<string, { readonly sequence: number }>;

/** Chains that have grown since the checkpoint that covers them last. */
export async function listUncoveredChains(
  storage: Storage,
  positions: CoveredPositions,
): Promise<UncoveredChain[]> {
  const rows = await storage.db
    .selectFrom('audit_chains')
    .select(['id', 'sequence', 'sealed_head'])
    .where('sequence', '>', 0)
    .orderBy('id')
    .execute();
  return rows
    .map((row) => ({ ...row, covered: positions.get(row.id)?.sequence ?? 0 }))
    .filter((row) => row.sequence > row.covered);
}

/**
 * Stores a checkpoint after the newest one, with the sealed head that names it, and does `alongside` in the same transaction.
 * `previousHead` is the sealed head as it was read. Throws CheckpointRaceError when it is another one meanwhile.
 */
export async function insertCheckpoint(
  storage: Storage,
  checkpoint: {
    row: AuditCheckpointTable;
    chains: readonly { chainId: string; lastSequence: number }[];
    sealedHead: Buffer;
    previousHead: Buffer;
  },
  alongside?: (trx: Transaction<Tables>) => Promise<void>,
): Promise<void> {
  const { row, chains, sealedHead, previousHead } = checkpoint;
  try {
    await storage.transaction(async (trx) => {
      const result = await trx
        .updateTable('meta')
        .set({ value: sealedHead })
        .where('key', '=', checkpointHeadKey)
        .where('value', '=', previousHead)
        .executeTakeFirst();
      if (result.numUpdatedRows !== 1n) throw new CheckpointRaceError();
      await trx.insertInto('audit_checkpoints').values(row).execute();
      for (const { chainId, lastSequence } of chains) {
        await trx
          .insertInto('audit_checkpoint_chains')
          .values({ chain_id: chainId, last_sequence: lastSequence, number: row.number })
          // A row that somebody else has put there must not keep the checkpoint from being made.
          .onConflict((conflict) => conflict.doNothing())
          .execute();
      }
      await alongside?.(trx);
    });
  } catch (error) {
    throw isUniqueViolation(error) ? new CheckpointRaceError() : error;
  }
}

/** The newest checkpoint. */
export function findNewestCheckpoint(storage: Storage): Promise<AuditCheckpointTable | undefined> {
  return storage.db
    .selectFrom('audit_checkpoints')
    .selectAll()
    .orderBy('number', 'desc')
    .limit(1)
    .executeTakeFirst();
}

/** One checkpoint by its number. */
export function findCheckpoint(storage: Storage, number: number): Promise<AuditCheckpointTable | undefined> {
  return storage.db
    .selectFrom('audit_checkpoints')
    .selectAll()
    .where('number', '=', number)
    .executeTakeFirst();
}

/** Number of the checkpoint that covers a record, or undefined while there is none. */
export async function findCoveringCheckpoint(
  storage: Storage,
  chainId: string,
  sequence: number,
): Promise<number | undefined> {
  const row = await storage.db
    .selectFrom('audit_checkpoint_chains')
    .select('number')
    .where('chain_id', '=', chainId)
    .where('last_sequence', '>=', sequence)
    .orderBy('last_sequence')
    .limit(1)
    .executeTakeFirst();
  return row?.number;
}

/** Every checkpoint after a number, in order, read page by page. */
export async function* scanCheckpoints(
  storage: Storage,
  afterNumber = 0,
): AsyncGenerator<AuditCheckpointTable, void, undefined> {
  let after = afterNumber;
  for (;;) {
    const rows = await storage.db
      .selectFrom('audit_checkpoints')
      .selectAll()
      .where('number', '>', after)
      .orderBy('number')
      .limit(rowsPerPage)
      .execute();
    yield* rows;
    const last = rows.at(-1);
    if (last === undefined || rows.length < rowsPerPage) return;
    after = last.number;
    // On SQLite the pages would otherwise follow each other without letting anything else run.
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** The newest checkpoint whose part of a chain ends at this record. */
export async function findCheckpointAtEnd(
  storage: Storage,
  chainId: string,
  lastSequence: number,
): Promise<AuditCheckpointTable | undefined> {
  return storage.db
    .selectFrom('audit_checkpoint_chains as chains')
    .innerJoin('audit_checkpoints as points', 'points.number', 'chains.number')
    .selectAll('points')
    .where('chains.chain_id', '=', chainId)
    .where('chains.last_sequence', '=', lastSequence)
    .executeTakeFirst();
}
