import { sha256, sha256Hex } from './digest.js';

const recordDomain = Buffer.from('alter-chain-record-v1\0', 'ascii');
const hashBytes = 32;
const recordStart = recordDomain.length + hashBytes;

// What is hashed for records of the usual size is put together in one place that stays, domain tag in front.
const scratch = Buffer.alloc(recordStart + 16_384);
scratch.set(recordDomain, 0);

/** One record of a chain as it is stored: position (from 1), exact bytes, and the chain hash after it. */
export type ChainRecord = { sequence: number; recordBytes: Uint8Array; hash: Uint8Array };

/** Position in a chain: the sequence of its last record (0 before the first) and the hash after it. */
export type ChainHead = { sequence: number; hash: Uint8Array };

/** Why a chain does not hold; `sequence` of the verdict is the record at fault or the first one missing. */
export type ChainFault = 'sequence_gap' | 'hash_mismatch' | 'truncated' | 'extra_records' | 'head_mismatch';

/** Result of a verification: `count` records were read and `head` is the hash after the last. */
export type ChainVerdict =
  | { ok: true; count: number; head: Buffer }
  | { ok: false; sequence: number; reason: ChainFault };

/** Hash that the first record of a chain builds on (A3). */
export function genesisHash(chainId: string): Buffer {
  return sha256(`alter-chain-genesis-v1\0${chainId}`);
}

/**
 * Hash after a record: SHA-256 over a domain tag, the previous hash (32 bytes, else RangeError) and the record's bytes (A3).
 * Text counts as its UTF-8 bytes.
 */
export function chainHash(previousHash: Uint8Array, record: string | Uint8Array): Buffer {
  if (previousHash.byteLength !== hashBytes) throw new RangeError('previousHash must have 32 bytes');
  const input = prepareScratch(record);
  input.set(previousHash, recordDomain.length);
  return sha256(input);
}

/** The same between hashes that are written as 64 hex digits: what verification of many records needs. */
export function chainHashHex(previousHash: string, record: string | Uint8Array): string {
  const input = prepareScratch(record);
  const written = input.write(previousHash, recordDomain.length, hashBytes, 'hex');
  if (written !== hashBytes || previousHash.length !== 2 * hashBytes) {
    throw new RangeError('previousHash must have 64 hex digits');
  }
  return sha256Hex(input);
}

/** Domain tag, room for the previous hash, and the record. */
function prepareScratch(record: string | Uint8Array): Buffer {
  // No character takes more than three bytes for each of its UTF-16 units.
  const bytesMax = typeof record === 'string' ? record.length * 3 : record.byteLength;
  if (recordStart + bytesMax > scratch.length) {
    const bytes = typeof record === 'string' ? Buffer.from(record, 'utf8') : record;
    return Buffer.concat([recordDomain, Buffer.alloc(hashBytes), bytes]);
  }
  if (typeof record === 'string') {
    return scratch.subarray(0, recordStart + scratch.write(record, recordStart, 'utf8'));
  }
  scratch.set(record, recordStart);
  return scratch.subarray(0, recordStart + record.byteLength);
}

/**
 * Reads a chain once, record by record, and says whether it holds (A3).
 * Starts at the genesis of `chainId`, or after `after` where earlier records were retired.
 * `expectedHead` is the head kept sealed beside the chain; without it a cut end cannot be seen.
 */
export async function verifyChain(input: {
  chainId: string;
  records: Iterable<ChainRecord> | AsyncIterable<ChainRecord>;
  after?: ChainHead | undefined;
  expectedHead?: ChainHead | undefined;
}): Promise<ChainVerdict> {
  const startSequence = input.after?.sequence ?? 0;
  let head = input.after === undefined ? genesisHash(input.chainId) : Buffer.from(input.after.hash);
  let sequence = startSequence;
  for await (const record of input.records) {
    if (record.sequence !== sequence + 1)
      return { ok: false, sequence: sequence + 1, reason: 'sequence_gap' };
    head = chainHash(head, record.recordBytes);
    if (!head.equals(record.hash)) return { ok: false, sequence: record.sequence, reason: 'hash_mismatch' };
    sequence = record.sequence;
  }
  const expected = input.expectedHead;
  if (expected !== undefined) {
    if (sequence < expected.sequence) return { ok: false, sequence: sequence + 1, reason: 'truncated' };
    if (sequence > expected.sequence) {
      return { ok: false, sequence: expected.sequence + 1, reason: 'extra_records' };
    }
    if (!head.equals(expected.hash)) return { ok: false, sequence, reason: 'head_mismatch' };
  }
  return { ok: true, count: sequence - startSequence, head };
}
