import { z } from 'zod';

const hashSchema = z.string().regex(/^[0-9a-f]{64}$/, 'must be 64 lower-case hexadecimal digits');
const sequenceSchema = z.int().min(1);

/** What a checkpoint says of one audit chain that grew: its records from `first` to `last`. */
export const checkpointChainSchema = z.strictObject({
  chain_id: z.string().min(1),
  first: sequenceSchema,
  /** Chain hash after record `last`. */
  hash: hashSchema,
  last: sequenceSchema,
  /** Merkle tree hash (RFC 9162 section 2.1.1) over the chain hashes of these records. */
  root: hashSchema,
});

/** What is signed of a checkpoint: as small for a thousand chains as for one. */
export const checkpointNoteSchema = z.strictObject({
  at: z.iso.datetime(),
  /** Merkle tree hash over the canonical texts of the checkpoint's chains. */
  chains_root: hashSchema,
  chains_size: z.int().min(0),
  /** SHA-256 of the canonical text of the contents. */
  contents_hash: hashSchema,
  key_id: z.string().min(1),
  number: z.int().min(1),
  /** Digest of the checkpoint before; zeros before the first. */
  previous_hash: hashSchema,
  version: z.literal(1),
});

/** Ed25519 signature of a note, base64url. */
export const checkpointSignatureSchema = z.string().regex(/^[\w-]{86}$/, 'must be 64 bytes in base64url');

/** Place of an entry in a Merkle tree, and the hashes beside its way up (RFC 9162 section 2.1.3). */
const inclusionProofSchema = z.strictObject({
  index: z.int().min(0),
  size: z.int().min(1),
  path: z.array(hashSchema).max(64),
});

/** Proof that one audit record is in the log: verified with the public key alone, without server or database (A3). */
export const auditReceiptSchema = z.strictObject({
  version: z.literal(1),
  /** The whole record; its canonical JSON (RFC 8785) is what was hashed. */
  record: z.looseObject({
    id: z.string(),
    at: z.string(),
    chain_id: z.string(),
    sequence: sequenceSchema,
    kind: z.string(),
  }),
  /** Chain hash after the record before it. */
  previous_hash: hashSchema,
  /** The record's chain hash is a leaf below `chain.root`. */
  record_proof: inclusionProofSchema,
  chain: checkpointChainSchema,
  /** The canonical text of `chain` is a leaf below `note.chains_root`. */
  chain_proof: inclusionProofSchema,
  note: checkpointNoteSchema,
  signature: checkpointSignatureSchema,
});

/** Proof that one audit record is in the log. */
export type AuditReceipt = z.infer<typeof auditReceiptSchema>;

/** Answer of `GET /audit/keys`: a JWK set (RFC 7517, RFC 8037); empty before the first checkpoint. */
export const auditKeysResponseSchema = z.object({
  keys: z.array(
    z.object({
      kty: z.literal('OKP'),
      crv: z.literal('Ed25519'),
      x: z.string(),
      kid: z.string(),
      use: z.literal('sig'),
      alg: z.literal('EdDSA'),
    }),
  ),
});
