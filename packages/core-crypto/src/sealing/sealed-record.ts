import { createCipheriv, createDecipheriv, type KeyObject, randomBytes } from 'node:crypto';
import { OpenError } from './open-error.js';

/** Where a sealed value belongs; it opens nowhere else (K1). */
export type SealContext = { table: string; rowId: string; appId: string; field: string };

/** A 256-bit key with the id that sealed records carry (1 to 255 printable ASCII characters). */
export type DataKey = { id: string; key: KeyObject };

// Layout: version (1) | length of key id (1) | key id | nonce (12) | ciphertext | tag (16).
const version = 1;
// The same head before what another service encrypted: version (2) | length of key id (1) | key id | that service's ciphertext.
const foreignVersion = 2;
const nonceBytes = 12;
const tagBytes = 16;
const fixedBytes = 2 + nonceBytes + tagBytes;
const keyIdPattern = /^[\x21-\x7e]{1,255}$/;

/**
 * Encrypts a value with AES-256-GCM under a fresh random 96-bit nonce, bound to its context (K1).
 * Throws RangeError when the key id is not 1 to 255 printable ASCII characters.
 */
export function seal(dataKey: DataKey, context: SealContext, plaintext: string | Uint8Array): Buffer {
  const header = encodeHeader(dataKey.id);
  const nonce = randomBytes(nonceBytes);
  const cipher = createCipheriv('aes-256-gcm', dataKey.key, nonce, { authTagLength: tagBytes });
  cipher.setAAD(encodeAssociatedData(dataKey.id, context));
  const first = typeof plaintext === 'string' ? cipher.update(plaintext, 'utf8') : cipher.update(plaintext);
  const last = cipher.final();
  return Buffer.concat([header, nonce, first, last, cipher.getAuthTag()]);
}

/** Decrypts a sealed value. Throws OpenError for every cause alike: other key, other place, changed bytes (K8). */
export function open(dataKey: DataKey, context: SealContext, sealed: Uint8Array): Buffer {
  try {
    const bytes = viewBytes(sealed);
    const headerEnd = findHeaderEnd(bytes);
    if (bytes[0] !== version) throw new OpenError();
    if (bytes.toString('latin1', 2, headerEnd) !== dataKey.id) throw new OpenError();
    const nonceEnd = headerEnd + nonceBytes;
    const tagStart = bytes.length - tagBytes;
    const nonce = bytes.subarray(headerEnd, nonceEnd);
    const decipher = createDecipheriv('aes-256-gcm', dataKey.key, nonce, { authTagLength: tagBytes });
    decipher.setAAD(encodeAssociatedData(dataKey.id, context));
    decipher.setAuthTag(bytes.subarray(tagStart));
    const plaintext = decipher.update(bytes.subarray(nonceEnd, tagStart));
    // GCM is a stream mode: final() gives no bytes, it only checks the tag.
    decipher.final();
    return plaintext;
  } catch {
    throw new OpenError();
  }
}

/** Like `open`, for values that were text. */
export function openText(dataKey: DataKey, context: SealContext, sealed: Uint8Array): string {
  return open(dataKey, context, sealed).toString('utf8');
}

/** Id of the key that a value was sealed with (unauthenticated until it is opened). Throws OpenError when there is no such header. */
export function readKeyId(sealed: Uint8Array): string {
  const bytes = viewBytes(sealed);
  return bytes.toString('latin1', 2, findHeaderEnd(bytes));
}

/**
 * Puts the head of a sealed record before a ciphertext that a key service made, so that it names its key like every other.
 * Throws RangeError when the key id is not 1 to 255 printable ASCII characters.
 */
export function frameForeign(keyId: string, ciphertext: string): Buffer {
  return Buffer.concat([encodeHeader(keyId, foreignVersion), Buffer.from(ciphertext, 'utf8')]);
}

/** The ciphertext behind the head that `frameForeign` made. Throws OpenError when there is none. */
export function readForeign(framed: Uint8Array): string {
  const bytes = viewBytes(framed);
  const headerEnd = findHeaderEnd(bytes);
  if (bytes[0] !== foreignVersion) throw new OpenError();
  return bytes.toString('utf8', headerEnd);
}

/** The bytes that bind a value to its place: what a key service is given to keep beside the value (K1). */
export function encodeContext(keyId: string, context: SealContext): Buffer {
  return encodeAssociatedData(keyId, context);
}

function viewBytes(sealed: Uint8Array): Buffer {
  return Buffer.from(sealed.buffer, sealed.byteOffset, sealed.byteLength);
}

function findHeaderEnd(bytes: Buffer): number {
  const idBytes = bytes[1];
  if (idBytes === undefined || idBytes === 0) throw new OpenError();
  if (bytes[0] !== version && bytes[0] !== foreignVersion) throw new OpenError();
  if (bytes.length < (bytes[0] === version ? fixedBytes : 2) + idBytes) throw new OpenError();
  return 2 + idBytes;
}

function encodeHeader(keyId: string, first = version): Buffer {
  if (!keyIdPattern.test(keyId))
    throw new RangeError('a key id must have 1 to 255 printable ASCII characters');
  return Buffer.from(`${String.fromCharCode(first, keyId.length)}${keyId}`, 'latin1');
}

// Each part is preceded by its length, so that no two contexts can give the same bytes; the key id and the
// version are the whole header.
function encodeAssociatedData(keyId: string, context: SealContext): Buffer {
  const { table, rowId, appId, field } = context;
  return Buffer.from(
    `alter-sealed-record-v${version}|${keyId.length}:${keyId}|${table.length}:${table}|${rowId.length}:${rowId}|${appId.length}:${appId}|${field.length}:${field}`,
    'utf8',
  );
}
