import { createHash, randomBytes } from 'node:crypto';
import type { RandomBytes } from './random-bytes.js';

/** PKCE code verifier: 32 random bytes as 43 base64url characters (RFC 7636 section 4.1). */
export function createCodeVerifier(random: RandomBytes = randomBytes): string {
  return Buffer.from(random(32)).toString('base64url');
}

/** S256 code challenge of a verifier: base64url of its SHA-256 (RFC 7636 section 4.2). */
export function computeCodeChallenge(verifier: string): string {
  return createHash('sha256').update(verifier, 'ascii').digest('base64url');
}
