import type { AuditReceipt } from '@alter-ai/core-contract';
import { createInclusionPath, genesisHash, importVerifyingKey } from '@alter-ai/core-crypto';
import type { Keyring } from '../../keys/keyring.js';
import type { Storage } from '../../storage/database/storage.js';
import { scanChainHashes } from '../../storage/log/audit-scan.js';
import {
  findCheckpoint,
  findCheckpointAtEnd,
  findCoveringCheckpoint,
} from '../../storage/log/checkpoints/checkpoint-rows.js';
import { findAuditRecord, findChainHash } from '../../storage/log/search/audit-find.js';
import { type ChainEntry, type Checkpoint, readStored, writeEntry } from '../checkpoints/checkpoint.js';
import { CheckpointStateError, openSigningKey } from '../checkpoints/signing-key-store.js';
import { verifyReceipt } from './verify-receipt.js';

/** There is no such record, or none of this app. */
export class RecordNotFoundError extends Error {
  readonly code = 'audit_record_not_found';

  constructor() {
    super('There is no such audit record.');
    this.name = 'RecordNotFoundError';
  }
}

/** No checkpoint covers the record yet. */
export class ReceiptPendingError extends Error {
  readonly code = 'receipt_pending';

  constructor() {
    super('No checkpoint covers the record yet; one is made every minute.');
    this.name = 'ReceiptPendingError';
  }
}

interface Deps {
  readonly storage: Storage;
  readonly keyring: Keyring;
}

/**
 * The proof that one record is in the log (A3). With `appId` only records of that app are found. What is handed out has been verified.
 * Throws RecordNotFoundError, ReceiptPendingError, and CheckpointStateError where the log does not prove the record.
 */
export async function buildReceipt(
  deps: Deps,
  wanted: { recordId: string; appId?: string | undefined },
): Promise<AuditReceipt> {
  const { storage } = deps;
  const row = await findAuditRecord(storage, wanted.recordId);
  if (row === undefined || (wanted.appId !== undefined && row.app_id !== wanted.appId)) {
    throw new RecordNotFoundError();
  }
  const { chain_id: chainId, sequence } = row;
  const number = await findCoveringCheckpoint(storage, chainId, sequence);
  if (number === undefined) throw new ReceiptPendingError();
  const stored = await findCheckpoint(storage, number);
  const key = await openSigningKey(deps);
  const checkpoint = stored === undefined ? null : readStored(stored);
  const chain = checkpoint === null ? undefined : findEntry(checkpoint, chainId, sequence);
  if (checkpoint === null || chain === undefined || key === null) throw unproven();
  const receipt: AuditReceipt = {
    version: 1,
    record: JSON.parse(row.record) as AuditReceipt['record'],
    previous_hash: await readPreviousHash(storage, chainId, sequence),
    record_proof: await proveRecord(storage, chain, sequence),
    chain,
    chain_proof: proveEntry(checkpoint, chain),
    note: checkpoint.note,
    signature: checkpoint.signature.toString('base64url'),
  };
  if (verifyReceipt(receipt, importVerifyingKey(key.publicJwk.x)) !== null) throw unproven();
  return receipt;
}

function unproven(): CheckpointStateError {
  return new CheckpointStateError(
    'The log does not prove this record; "alter audit verify" tells what is wrong.',
  );
}

function findEntry({ contents }: Checkpoint, chainId: string, sequence: number): ChainEntry | undefined {
  return contents.chains.find(
    (entry) => entry.chain_id === chainId && entry.first <= sequence && sequence <= entry.last,
  );
}

async function proveRecord(
  storage: Storage,
  chain: ChainEntry,
  sequence: number,
): Promise<AuditReceipt['record_proof']> {
  const index = sequence - chain.first;
  const size = chain.last - chain.first + 1;
  const path = createInclusionPath(index, size);
  let count = 0;
  const range = { chainId: chain.chain_id, after: chain.first - 1, until: chain.last };
  for await (const { places } of scanChainHashes(storage, range)) {
    for (const { hash } of places) path.add(hash);
    count += places.length;
  }
  if (count !== size) throw unproven();
  return { index, size, path: path.finish().map((hash) => hash.toString('hex')) };
}

function proveEntry({ contents }: Checkpoint, chain: ChainEntry): AuditReceipt['chain_proof'] {
  const index = contents.chains.indexOf(chain);
  const size = contents.chains.length;
  const path = createInclusionPath(index, size);
  for (const entry of contents.chains) path.add(writeEntry(entry));
  return { index, size, path: path.finish().map((hash) => hash.toString('hex')) };
}

async function readPreviousHash(storage: Storage, chainId: string, sequence: number): Promise<string> {
  if (sequence === 1) return genesisHash(chainId).toString('hex');
  const hash = await findChainHash(storage, chainId, sequence - 1);
  if (hash !== undefined) return hash.toString('hex');
  // The record before was dropped with its month: then a checkpoint ended with it.
  const row = await findCheckpointAtEnd(storage, chainId, sequence - 1);
  const entry = row === undefined ? undefined : findEntry(readStored(row), chainId, sequence - 1);
  if (entry === undefined) throw unproven();
  return entry.hash;
}
