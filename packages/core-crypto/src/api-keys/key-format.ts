import { randomBytes } from 'node:crypto';
import type { RandomBytes } from '../random-bytes.js';

/** Types of keys with a checksum: runtime, agent, derived, publishable (wire/1 section 2). */
export type ScopedKeyType = 'rk' | 'ak' | 'dk' | 'pk';

/** What `mintApiKey` makes: the everyday app and agent keys, and the scoped types. */
export type ApiKeyType = 'app' | 'agent' | ScopedKeyType;

const alphabet = 'abcdefghijklmnopqrstuvwxyz234567';
const scopedPattern = /^alter_(rk|ak|dk|pk)_([a-z2-7]{22})_([a-z2-7]{6})$/;
const plainPattern = /^alter_key_[A-Za-z0-9_-]{40}$/;
const displayPattern = /^alter_(?:key_(?:app_|agent_)?|(?:rk|ak|dk|pk)_)[A-Za-z0-9_-]{4}/;

/** Whether a string is an API key in one of the formats of wire/1 section 2, checksum included. No trimming, case-sensitive. */
export function isApiKeyFormat(value: string): boolean {
  if (plainPattern.test(value)) return true;
  const match = scopedPattern.exec(value);
  if (match === null) return false;
  return computeKeyChecksum(match[1] as ScopedKeyType, match[2] as string) === match[3];
}

/**
 * Checksum of a scoped key: CRC-32 (IEEE) of `<type>:<random>`, the lowest 30 bits as six characters of `a-z2-7`,
 * least significant group first (wire/1 section 2). It finds typing mistakes and is no secret.
 */
export function computeKeyChecksum(type: ScopedKeyType, random: string): string {
  const crc = computeCrc32(Buffer.from(`${type}:${random}`, 'utf8'));
  let checksum = '';
  for (let shift = 0; shift < 30; shift += 5) checksum += alphabet.charAt((crc >>> shift) & 31);
  return checksum;
}

/** A new API key: `alter_key_app_` + 36 or `alter_key_agent_` + 34 random characters, or `alter_<type>_` + 22 + checksum. */
export function mintApiKey(type: ApiKeyType, random: RandomBytes = randomBytes): string {
  if (type === 'app') return `alter_key_app_${Buffer.from(random(27)).toString('base64url')}`;
  if (type === 'agent') {
    return `alter_key_agent_${Buffer.from(random(26)).toString('base64url').slice(0, 34)}`;
  }
  let text = '';
  for (const byte of random(22)) text += alphabet.charAt(byte & 31);
  return `alter_${type}_${text}_${computeKeyChecksum(type, text)}`;
}

/** What lists and audit records show of a key: its type and the first four random characters. Anything else gives `invalid`. */
export function keyPrefixForDisplay(apiKey: string): string {
  if (!isApiKeyFormat(apiKey)) return 'invalid';
  return displayPattern.exec(apiKey)?.[0] ?? 'invalid';
}

// zlib.crc32 is missing in Node 20 below 20.15, which the published library supports.
function computeCrc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit += 1) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return (crc ^ 0xffffffff) >>> 0;
}
