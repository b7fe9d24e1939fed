import type { VerifyingKey } from '@alter-ai/core-crypto';
import type { Keyring } from '../keys/keyring.js';
import type { Storage } from '../storage/database/storage.js';
import { listAuditChains } from '../storage/log/audit-chains.js';
import { listOverdue } from '../storage/log/checkpoints/overdue-rows.js';
import type { Checkpoint } from './checkpoints/checkpoint.js';
import { overdueLooks } from './checkpoints/checkpoint-jobs.js';
import { readCoveredHeads } from './checkpoints/known-heads.js';
import { type AuditVerdict, createFaultList, type FaultList } from './verify/audit-verdict.js';
import { checkStoredChain } from './verify/check-chain.js';
import { checkCheckpointIndex } from './verify/check-checkpoint-index.js';
import type { CheckpointFacts } from './verify/check-checkpoints.js';
import { checkGivenCheckpoint } from './verify/check-given-checkpoint.js';
import { checkRegister } from './verify/check-register.js';
import { checkStoredCheckpoints } from './verify/check-stored-checkpoints.js';

interface Deps {
  readonly storage: Storage;
  readonly keyring: Keyring;
  /** Is told from time to time how many records were read. */
  readonly onProgress?: ((records: number) => void) | undefined;
}

/** What somebody has kept elsewhere, beyond the reach of whoever can change the database. */
export interface KeptElsewhere {
  /** A checkpoint that the database must still have. */
  readonly checkpoint?: Checkpoint | undefined;
  /** The public key that checkpoints are signed with. */
  readonly publicKey?: VerifyingKey | undefined;
}

const attemptsMax = 3;

/**
 * Verifies the whole audit log in the database (A3): the checkpoints with their signatures, every record of every chain, their
 * sealed heads, and the register of chains. Where retention has dropped months it begins at the positions that the checkpoint of the
 * drop names. Reads page by page, beside running servers: what they append meanwhile is no fault.
 */
export async function verifyAudit(deps: Deps, kept: KeptElsewhere = {}): Promise<AuditVerdict> {
  for (let attempt = 1; ; attempt += 1) {
    const verdict = await verifyOnce(deps, kept);
    if (verdict.isIntact || attempt >= attemptsMax) return verdict;
    // A month that retention drops while its records are being read looks as if somebody had cut them.
    const { facts } = await checkStoredCheckpoints(deps, null, createFaultList());
    if (facts.retiredUntil === verdict.retiredUntil) return verdict;
  }
}

async function verifyOnce(deps: Deps, kept: KeptElsewhere): Promise<AuditVerdict> {
  const { storage } = deps;
  const list = createFaultList();
  // Before the register: a chain that begins meanwhile is in the register that is read afterwards.
  const chains = new Set((await listAuditChains(storage)).map((chain) => chain.id));
  const register = await checkRegister(deps, chains, list);
  const faultsBefore = list.faults.length;
  const { facts, key } = await checkStoredCheckpoints(deps, register?.signingKeyId ?? null, list);
  // What does not hold itself says nothing of its index.
  if (list.faults.length === faultsBefore) {
    await checkCheckpointIndex(storage, facts.index, facts.newest?.number ?? 0, list);
  }
  if (kept.publicKey !== undefined && kept.publicKey.publicJwk.kid !== key?.publicJwk.kid) {
    list.add('signing_key_other');
  }
  const given = kept.checkpoint;
  if (given !== undefined) {
    const givenKey = kept.publicKey ?? key;
    if (givenKey === null) list.add('checkpoint_foreign', { checkpoint: given.note.number });
    else await checkGivenCheckpoint(storage, given, givenKey, list);
  }
  await checkChainsThere(storage, { chains, facts, given }, list);
  let records = 0;
  let uncovered = 0;
  for (const chainId of chains) {
    const read = await checkStoredChain(
      { ...deps, onProgress: (count) => deps.onProgress?.(records + count) },
      { chainId, covered: facts.covered.get(chainId), retired: facts.retired.get(chainId) },
      list,
    );
    records += read.records;
    uncovered += Math.max(0, read.sequence - (facts.covered.get(chainId)?.sequence ?? 0));
  }
  const overdues = await listOverdue(storage, overdueLooks, facts.covered);
  // Reading the records may have taken longer than the next checkpoint.
  const coveredNow = overdues.length === 0 ? facts.covered : await readCoveredHeads(deps);
  for (const overdue of overdues) {
    if ((coveredNow.get(overdue.chain_id)?.sequence ?? 0) >= overdue.sequence) continue;
    list.add('checkpoint_overdue', { chainId: overdue.chain_id, sequence: overdue.sequence });
  }
  return {
    isIntact: list.faults.length === 0,
    chains: chains.size,
    records,
    checkpoints: facts.count,
    newestCheckpoint: facts.newest === null ? null : { number: facts.newest.number, at: facts.newest.at },
    uncovered,
    retiredUntil: facts.retiredUntil,
    faults: list.faults,
  };
}

/**
 * A chain's row is never deleted, also where retention dropped its records. The register alone does not tell that one was removed: an
 * earlier one that does not name the chain opens as well as the newest.
 */
async function checkChainsThere(
  storage: Storage,
  known: { chains: ReadonlySet<string>; facts: CheckpointFacts; given: Checkpoint | undefined },
  list: FaultList,
): Promise<void> {
  // Chains that began after the first look are in checkpoints that were made after it.
  const present = new Set([...known.chains, ...(await listAuditChains(storage)).map((chain) => chain.id)]);
  const missing = new Map<string, number>();
  if (known.given !== undefined) {
    const { note, contents } = known.given;
    for (const { chain_id } of [...contents.chains, ...(contents.heads ?? [])])
      missing.set(chain_id, note.number);
  }
  for (const [chainId, { checkpoint }] of known.facts.covered) missing.set(chainId, checkpoint);
  for (const [chainId, checkpoint] of missing) {
    const isSaid = list.faults.some((fault) => fault.reason === 'chain_missing' && fault.chainId === chainId);
    if (!present.has(chainId) && !isSaid) list.add('chain_missing', { chainId, checkpoint });
  }
}
