import { hashToken, randomToken } from '@alter-ai/core-crypto';

const prefix = 'alter_cs_';

/**
 * Makes a session token: `alter_cs_<random>.<base64url(origin)>`. The origin lets the browser library find the vault with the token
 * alone; only the random part is secret, and only a hash of the whole is stored (C2).
 */
export function createSessionToken(origin: string): { token: string; tokenHash: string } {
  const token = `${prefix}${randomToken(32)}.${Buffer.from(origin).toString('base64url')}`;
  return { token, tokenHash: hashToken(token) };
}

/** Hash to look a presented token up by; undefined when it cannot be one of ours. */
export function hashSessionToken(token: string): string | undefined {
  return token.startsWith(prefix) && token.length <= 512 ? hashToken(token) : undefined;
}
