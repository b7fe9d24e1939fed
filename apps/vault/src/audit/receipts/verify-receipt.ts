import { type AuditReceipt, auditReceiptSchema } from '@alter-ai/core-contract';
import { chainHash, genesisHash, type VerifyingKey, verifyInclusion } from '@alter-ai/core-crypto';
import canonicalize from 'canonicalize';
import { isSignedNote, writeEntry } from '../checkpoints/checkpoint.js';

/** What is wrong with a receipt, in words for people. */
export const receiptFaults = {
  malformed: 'this is no receipt of an audit record',
  signature: 'the checkpoint in it was not signed by this key',
  chain: 'what it says of the chain is not what the checkpoint was signed over',
  place: 'the place that it says is not the place of the record',
  record: 'the record was changed, or is not in the log at this place',
} as const;

/** Why a receipt proves nothing. */
export type ReceiptFault = keyof typeof receiptFaults;

/** Reads a receipt; null when the text is none. */
export function readReceipt(text: string): AuditReceipt | null {
  try {
    const parsed = auditReceiptSchema.safeParse(JSON.parse(text));
    return parsed.success ? parsed.data : null;
  } catch {
    return null;
  }
}

/**
 * Verifies a receipt with nothing but the public key (A3): the record is what was written, it stands at its place in its chain, and
 * the checkpoint over that chain is signed. @returns null when all of it holds
 */
export function verifyReceipt(receipt: AuditReceipt, key: VerifyingKey): ReceiptFault | null {
  const { record, chain, note } = receipt;
  if (!isSignedNote(key, note, Buffer.from(receipt.signature, 'base64url'))) return 'signature';
  const isInCheckpoint =
    receipt.chain_proof.size === note.chains_size &&
    isIncluded(receipt.chain_proof, writeEntry(chain), note.chains_root);
  if (!isInCheckpoint) return 'chain';
  const { sequence } = record;
  const previous = Buffer.from(receipt.previous_hash, 'hex');
  const isAtPlace =
    record.chain_id === chain.chain_id &&
    receipt.record_proof.index === sequence - chain.first &&
    receipt.record_proof.size === chain.last - chain.first + 1 &&
    (sequence > 1 || previous.equals(genesisHash(chain.chain_id)));
  if (!isAtPlace) return 'place';
  const hash = chainHash(previous, canonicalize(record) ?? '');
  const isLast = sequence === chain.last;
  if (isLast && hash.toString('hex') !== chain.hash) return 'record';
  return isIncluded(receipt.record_proof, hash, chain.root) ? null : 'record';
}

function isIncluded(proof: AuditReceipt['record_proof'], entry: Uint8Array, root: string): boolean {
  return verifyInclusion({
    entry,
    index: proof.index,
    size: proof.size,
    path: proof.path.map((hash) => Buffer.from(hash, 'hex')),
    root: Buffer.from(root, 'hex'),
  });
}
