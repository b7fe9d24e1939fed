import { createMerkleTree, type MerkleTree, type SigningKey } from '@alter-ai/core-crypto';
import type { Transaction } from 'kysely';
import type { Keyring } from '../../keys/keyring.js';
import type { Storage } from '../../storage/database/storage.js';
import { type HashedPlace, scanChainHashes } from '../../storage/log/audit-scan.js';
import {
  CheckpointRaceError,
  findNewestCheckpoint,
  insertCheckpoint,
  listUncoveredChains,
  type UncoveredChain,
} from '../../storage/log/checkpoints/checkpoint-rows.js';
import type { Tables } from '../../storage/tables.js';
import { createHeadSealer } from '../chain/chain-head.js';
import {
  type ChainEntry,
  type ChainPosition,
  type Checkpoint,
  type CheckpointContents,
  hashNote,
  readStored,
  signCheckpoint,
} from './checkpoint.js';
import { readKnownHeads } from './known-heads.js';
import {
  CheckpointStateError,
  prepareSigningKey,
  readCheckpointHead,
  sealCheckpointHead,
} from './signing-key-store.js';

/** What making a checkpoint needs. */
export interface CheckpointDeps {
  readonly storage: Storage;
  readonly keyring: Keyring;
  readonly clock: () => number;
}

/** What a checkpoint is to hold beyond what is new. */
export interface CheckpointWishes {
  /** All heads, also when no record is new: a checkpoint that says everything by itself. */
  readonly isComplete?: boolean;
  /** A month that is dropped with it, in the same transaction (A5). */
  readonly retired?: {
    readonly month: string;
    readonly chains: readonly ChainPosition[];
    readonly drop: (trx: Transaction<Tables>) => Promise<void>;
  };
}

const attemptsMax = 5;

/**
 * Makes the next checkpoint (A3): it binds the head of every chain that grew since the last one, and is itself the successor of that
 * one. Once a day it names the heads of all chains. Several processes may try at once; each checkpoint is made by one.
 * @returns the newest checkpoint, the one before when nothing is new, or null while there is no record at all
 * @throws CheckpointStateError, OpenError when sealed values do not agree with the records: nothing is signed then
 */
export async function makeCheckpoint(
  deps: CheckpointDeps,
  wishes: CheckpointWishes = {},
): Promise<Checkpoint | null> {
  const key = await prepareSigningKey(deps);
  if (key === null) return null;
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await makeNext(deps, key, wishes);
    } catch (error) {
      if (!(error instanceof CheckpointRaceError) || attempt >= attemptsMax) throw error;
    }
  }
}

async function makeNext(
  deps: CheckpointDeps,
  key: SigningKey,
  wishes: CheckpointWishes,
): Promise<Checkpoint | null> {
  const { storage, keyring } = deps;
  const at = deps.clock();
  const known = await readCheckpointHead(deps);
  if (known === null) throw new CheckpointStateError('The sealed head of the checkpoints was removed.');
  const newest = await readNewest(storage, known.head);
  const chains: ChainEntry[] = [];
  const covered = await readKnownHeads(storage, newest);
  for (const chain of await listUncoveredChains(storage, covered)) {
    chains.push(...(await describeChain(deps, chain)));
  }
  const isFirstOfDay =
    newest === null || newest.note.at.slice(0, 10) !== new Date(at).toISOString().slice(0, 10);
  const { retired } = wishes;
  if (
    chains.length === 0 &&
    retired === undefined &&
    (wishes.isComplete !== true || newest?.contents.heads)
  ) {
    return newest;
  }
  const isComplete = wishes.isComplete === true || retired !== undefined || isFirstOfDay;
  const contents: CheckpointContents = {
    chains,
    ...(isComplete ? { heads: listHeads(covered, chains) } : {}),
    ...(retired ? { retired: { month: retired.month, chains: [...retired.chains] } } : {}),
  };
  const number = known.head.number + 1;
  const row = signCheckpoint(key, { number, at, previousHash: known.head.hash, contents });
  const made = readStored(row);
  await insertCheckpoint(
    storage,
    {
      row,
      chains: chains.map((entry) => ({ chainId: entry.chain_id, lastSequence: entry.last })),
      sealedHead: sealCheckpointHead(keyring, { number, hash: hashNote(made.note) }),
      previousHead: known.sealed,
    },
    retired?.drop,
  );
  return made;
}

/** The newest checkpoint, which must be the one that the sealed head names. */
async function readNewest(
  storage: Storage,
  head: { number: number; hash: string },
): Promise<Checkpoint | null> {
  const row = await findNewestCheckpoint(storage);
  if ((row?.number ?? 0) > head.number) throw new CheckpointRaceError();
  if (row === undefined && head.number === 0) return null;
  const newest = row?.number === head.number ? readStored(row) : null;
  if (newest === null || hashNote(newest.note) !== head.hash) {
    throw new CheckpointStateError(`Checkpoint ${head.number} was removed or changed.`);
  }
  return newest;
}

/**
 * What is new in one chain, month by month, so that a month can be dropped without breaking what is proven of the next. The sealed
 * head is what counts: the records must lead there.
 */
async function describeChain(deps: CheckpointDeps, chain: UncoveredChain): Promise<ChainEntry[]> {
  const head = createHeadSealer(deps.keyring, chain.id).open(chain.sealed_head);
  const parts: { month: string; tree: MerkleTree; last: HashedPlace }[] = [];
  const range = { chainId: chain.id, after: chain.covered, until: head.sequence };
  let sequence = chain.covered;
  let isWhole = true;
  for await (const { month, places } of scanChainHashes(deps.storage, range)) {
    for (const place of places) {
      let part = parts.at(-1);
      if (part?.month !== month) {
        part = { month, tree: createMerkleTree(), last: place };
        parts.push(part);
      }
      part.tree.add(place.hash);
      part.last = place;
      sequence += 1;
      isWhole &&= place.sequence === sequence;
    }
  }
  if (!isWhole || sequence !== head.sequence || parts.at(-1)?.last.hash.equals(head.hash) !== true) {
    throw new CheckpointStateError(`The records of chain ${chain.id} do not lead to its sealed head.`);
  }
  return parts.map(({ tree, last }) => ({
    chain_id: chain.id,
    first: last.sequence - tree.size + 1,
    hash: last.hash.toString('hex'),
    last: last.sequence,
    root: tree.root().toString('hex'),
  }));
}

function listHeads(
  covered: ReadonlyMap<string, ChainPosition>,
  grown: readonly ChainEntry[],
): ChainPosition[] {
  const heads = new Map(covered);
  for (const entry of grown) {
    heads.set(entry.chain_id, { chain_id: entry.chain_id, hash: entry.hash, sequence: entry.last });
  }
  return [...heads.values()].sort((left, right) => (left.chain_id < right.chain_id ? -1 : 1));
}
