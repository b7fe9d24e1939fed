import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign,
  verify,
} from 'node:crypto';
import { sha256 } from '../digest.js';

/** A public Ed25519 key as JWK (RFC 8037) with its thumbprint as id (RFC 7638). */
export interface PublicJwk {
  readonly kty: 'OKP';
  readonly crv: 'Ed25519';
  /** 32 bytes, base64url. */
  readonly x: string;
  readonly kid: string;
}

/** A key that signs. */
export interface SigningKey {
  readonly publicJwk: PublicJwk;
  /** Ed25519 signature (RFC 8032), 64 bytes; text counts as UTF-8. */
  sign(message: string): Buffer;
  /** The private key for sealed storage: base64url of its 32 bytes. */
  exportPrivate(): string;
}

/** A key that checks signatures. */
export interface VerifyingKey {
  readonly publicJwk: PublicJwk;
  /** Whether the signature is right; false for anything malformed. */
  verify(message: string, signature: Uint8Array): boolean;
  /** The key as PEM (SubjectPublicKeyInfo), as openssl takes it. */
  exportPem(): string;
}

/** The text is no Ed25519 key. */
export class SigningKeyError extends Error {
  readonly code = 'signing_key_invalid';

  constructor() {
    super('This is no Ed25519 public key: a PEM or a JWK is expected, or the 32 bytes of one in base64url.');
    this.name = 'SigningKeyError';
  }
}

/** Makes a new key. */
export function generateSigningKey(): SigningKey {
  return describePrivate(generateKeyPairSync('ed25519').privateKey);
}

/** Reads what `exportPrivate` wrote. Throws SigningKeyError. */
export function importSigningKey(privateText: string): SigningKey {
  try {
    const bytes = Buffer.from(privateText, 'base64url');
    // RFC 8410: the fixed beginning of a PKCS #8 key of this kind.
    const der = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), bytes]);
    return describePrivate(createPrivateKey({ key: der, format: 'der', type: 'pkcs8' }));
  } catch {
    throw new SigningKeyError();
  }
}

/** Reads a public key: PEM, JWK, a key set with one key in it, or base64url of its 32 bytes. Throws SigningKeyError. */
export function importVerifyingKey(text: string): VerifyingKey {
  try {
    const trimmed = text.trim();
    if (trimmed.startsWith('-----')) return describePublic(createPublicKey(trimmed));
    const x = trimmed.startsWith('{') ? readJwk(JSON.parse(trimmed)) : trimmed;
    const key = { kty: 'OKP', crv: 'Ed25519', x };
    return describePublic(createPublicKey({ key, format: 'jwk' }));
  } catch {
    throw new SigningKeyError();
  }
}

function readJwk(value: unknown): string {
  if (typeof value !== 'object' || value === null) throw new SigningKeyError();
  if ('keys' in value && Array.isArray(value.keys) && value.keys.length === 1) return readJwk(value.keys[0]);
  const isOurs = 'crv' in value && value.crv === 'Ed25519' && 'x' in value && typeof value.x === 'string';
  if (!isOurs) throw new SigningKeyError();
  return String(value.x);
}

function describePrivate(privateKey: KeyObject): SigningKey {
  const { publicJwk } = describePublic(createPublicKey(privateKey));
  return {
    publicJwk,
    sign: (message) => sign(null, Buffer.from(message, 'utf8'), privateKey),
    exportPrivate: () => privateKey.export({ format: 'jwk' }).d ?? '',
  };
}

function describePublic(publicKey: KeyObject): VerifyingKey {
  const { x } = publicKey.export({ format: 'jwk' });
  if (publicKey.asymmetricKeyType !== 'ed25519' || x === undefined) throw new SigningKeyError();
  const kid = sha256(`{"crv":"Ed25519","kty":"OKP","x":"${x}"}`).toString('base64url');
  return {
    publicJwk: { kty: 'OKP', crv: 'Ed25519', x, kid },
    verify: (message, signature) =>
      signature.byteLength === 64 && verify(null, Buffer.from(message, 'utf8'), publicKey, signature),
    exportPem: () => publicKey.export({ format: 'pem', type: 'spki' }).toString(),
  };
}
