import {
  checkpointChainSchema,
  checkpointNoteSchema,
  checkpointSignatureSchema,
} from '@alter-ai/core-contract';
import { createMerkleTree, type SigningKey, sha256Hex, type VerifyingKey } from '@alter-ai/core-crypto';
import canonicalize from 'canonicalize';
import { z } from 'zod';
import type { AuditCheckpointTable } from '../../storage/tables/log-tables.js';

const headSchema = z.strictObject({
  chain_id: z.string().min(1),
  hash: z.string().regex(/^[0-9a-f]{64}$/),
  sequence: z.int().min(1),
});

const contentsSchema = z.strictObject({
  /** Chains that grew since the checkpoint before, by id, in parts where a month ended. */
  chains: z.array(checkpointChainSchema),
  /** All chains there have ever been, as far as checkpoints cover them; in complete checkpoints only. */
  heads: z.array(headSchema).optional(),
  /** A month whose records were dropped with this checkpoint, and where each of its chains had come by its end (A5). */
  retired: z
    .strictObject({ chains: z.array(headSchema), month: z.string().regex(/^\d{4}_\d{2}$/) })
    .optional(),
});

const signedSchema = z.strictObject({
  contents: contentsSchema,
  note: checkpointNoteSchema,
  signature: checkpointSignatureSchema,
});

export type ChainEntry = z.output<typeof checkpointChainSchema>;
export type ChainPosition = z.output<typeof headSchema>;
export type CheckpointNote = z.output<typeof checkpointNoteSchema>;
export type CheckpointContents = z.output<typeof contentsSchema>;

/** A checkpoint that is well formed; nothing is said about its truth. */
export interface Checkpoint {
  readonly note: CheckpointNote;
  readonly contents: CheckpointContents;
  readonly signature: Buffer;
}

/** Something is no checkpoint. */
export class CheckpointFormatError extends Error {
  readonly code = 'checkpoint_malformed';

  constructor() {
    super('This is no checkpoint of an audit log.');
    this.name = 'CheckpointFormatError';
  }
}

/** `previous_hash` of the first checkpoint. */
export const noHash = '0'.repeat(64);
const signedDomain = 'alter-audit-checkpoint-v1\n';

/** Signs a checkpoint: the row to store. `at` is in milliseconds since 1970. */
export function signCheckpoint(
  key: SigningKey,
  facts: { number: number; at: number; previousHash: string; contents: CheckpointContents },
): AuditCheckpointTable {
  const contents = writeCanonical(facts.contents);
  const note = writeCanonical({
    at: new Date(facts.at).toISOString(),
    chains_root: hashEntries(facts.contents.chains),
    chains_size: facts.contents.chains.length,
    contents_hash: sha256Hex(contents),
    key_id: key.publicJwk.kid,
    number: facts.number,
    previous_hash: facts.previousHash,
    version: 1,
  } satisfies CheckpointNote);
  return { number: facts.number, at: facts.at, note, signature: key.sign(signedDomain + note), contents };
}

/** Whether a note was signed with this key. */
export function isSignedNote(key: VerifyingKey, note: CheckpointNote, signature: Uint8Array): boolean {
  return note.key_id === key.publicJwk.kid && key.verify(signedDomain + writeCanonical(note), signature);
}

/** Whether the contents are those that the note names. */
export function hasOwnContents({ note, contents }: Checkpoint): boolean {
  return (
    sha256Hex(writeCanonical(contents)) === note.contents_hash &&
    contents.chains.length === note.chains_size &&
    hashEntries(contents.chains) === note.chains_root
  );
}

/** The digest by which the next checkpoint names this one. */
export function hashNote(note: CheckpointNote): string {
  return sha256Hex(`alter-audit-checkpoint-hash-v1\n${writeCanonical(note)}`);
}

/** The text of one entry that is a leaf below `chains_root`. */
export function writeEntry(entry: ChainEntry): Buffer {
  return Buffer.from(writeCanonical(entry), 'utf8');
}

/** Reads a stored checkpoint. Throws CheckpointFormatError, also when number or time beside the note are not the note's. */
export function readStored(row: AuditCheckpointTable): Checkpoint {
  const checkpoint = readParts({
    note: parseJson(row.note),
    contents: parseJson(row.contents),
    signature: Buffer.from(row.signature).toString('base64url'),
  });
  const { note, contents } = checkpoint;
  const isSame =
    note.number === row.number &&
    Date.parse(note.at) === row.at &&
    writeCanonical(note) === row.note &&
    writeCanonical(contents) === row.contents;
  if (!isSame) throw new CheckpointFormatError();
  return checkpoint;
}

/** Reads what `writeExported` wrote. Throws CheckpointFormatError. */
export function readExported(text: string): Checkpoint {
  return readParts(parseJson(text));
}

/** A checkpoint as one line of JSON, to be kept elsewhere. */
export function writeExported({ note, contents, signature }: Checkpoint): string {
  return writeCanonical({ contents, note, signature: signature.toString('base64url') });
}

function readParts(value: unknown): Checkpoint {
  const parsed = signedSchema.safeParse(value);
  if (!parsed.success) throw new CheckpointFormatError();
  const { note, contents, signature } = parsed.data;
  return { note, contents, signature: Buffer.from(signature, 'base64url') };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new CheckpointFormatError();
  }
}

function hashEntries(entries: readonly ChainEntry[]): string {
  const tree = createMerkleTree();
  for (const entry of entries) tree.add(writeEntry(entry));
  return tree.root().toString('hex');
}

/** Canonical JSON (RFC 8785). */
function writeCanonical(value: unknown): string {
  return canonicalize(value) ?? '';
}
