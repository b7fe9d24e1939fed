import canonicalize from 'canonicalize';
import { parseRecord } from '../record-columns.js';

/** One record of an export. */
export interface ExportedRecord {
  readonly chainId: string;
  readonly sequence: number;
  /** UUIDv7: later records have greater ids, as long as the clock goes forward. */
  readonly id: string;
  /** What is hashed: the record's canonical JSON. */
  readonly bytes: Buffer;
  /** The chain hash that the export says, 64 hex digits. */
  readonly hash: string;
}

/** Place and hash of a line that is written as the vault writes them; what is hashed ends before `end`, and with a brace. */
export interface PlainLine {
  readonly chainId: string;
  readonly sequence: number;
  readonly hash: string;
  readonly end: number;
}

const hashName = ',"hash":"';
/** Bytes behind the record: `,"hash":"`, 64 digits, `"}`. */
const tailBytes = hashName.length + 64 + 2;
const chainName = Buffer.from('"chain_id":"');
const sequenceName = Buffer.from('"sequence":');
const comma = 0x2c;
const brace = 0x7d;
const quote = 0x22;

/**
 * Reads a line without parsing it, for the hash alone to tell whether it is a record: what is hashed are the line's own bytes, and of
 * what it says only the place in the chain is needed. Null where the line is not written as the vault does. The place is to be
 * believed only if the hash is right.
 */
export function readPlainLine(line: Buffer): PlainLine | null {
  const end = line.length - tailBytes;
  const hashAt = end + hashName.length;
  if (end < 2 || line.toString('latin1', end, hashAt) !== hashName) return null;
  const chainAt = line.indexOf(chainName) + chainName.length;
  const chainEnd = line.indexOf(quote, chainAt);
  // Nothing behind it holds inner objects, so that the last one is the record's own.
  const sequenceAt = line.lastIndexOf(sequenceName) + sequenceName.length;
  const sequence = readDigits(line, sequenceAt);
  if (chainAt < chainName.length || chainEnd === -1 || sequenceAt < sequenceName.length || sequence === 0)
    return null;
  return {
    chainId: line.toString('latin1', chainAt, chainEnd),
    sequence,
    hash: line.toString('latin1', hashAt, hashAt + 64),
    end,
  };
}

/** Lends what is hashed of a plain line, in place, for as long as `use` runs. */
export function withHashedBytes<T>(line: Buffer, end: number, use: (bytes: Buffer) => T): T {
  line[end] = brace;
  try {
    return use(line.subarray(0, end + 1));
  } finally {
    line[end] = comma;
  }
}

/** Reads a line however it is written; null when it is no record. */
export function parseLine(line: Buffer): ExportedRecord | null {
  const members = parseRecord(line.toString('utf8'));
  if (members === null) return null;
  const { hash, ...record } = members;
  const { chain_id: chainId, sequence, id } = record;
  if (typeof hash !== 'string' || !/^[0-9a-f]{64}$/.test(hash)) return null;
  if (typeof chainId !== 'string' || typeof id !== 'string' || typeof sequence !== 'number') return null;
  if (!Number.isSafeInteger(sequence) || sequence < 1) return null;
  const text = canonicalize(record);
  if (text === undefined) return null;
  return { chainId, sequence, id, bytes: Buffer.from(text, 'utf8'), hash };
}

function readDigits(line: Buffer, from: number): number {
  let value = 0;
  for (let at = from; ; at += 1) {
    const digit = (line[at] ?? 0) - 0x30;
    if (digit < 0 || digit > 9) return value;
    value = value * 10 + digit;
  }
}
