import { hashToken, randomToken } from '@alter-ai/core-crypto';

/** Sessions that connect accounts, and sessions in which a key is entered. */
const prefixes = { connect: 'alter_cs_', key_entry: 'ms_sess_' } as const;

/**
 * Makes a session token: `alter_cs_<random>.<base64url(origin)>`, of a key entry `ms_sess_…`. The origin lets the browser library find the vault with the token
 * alone; only the random part is secret, and only a hash of the whole is stored (C2).
 */
export function createSessionToken(
  origin: string,
  kind: keyof typeof prefixes = 'connect',
): { token: string; tokenHash: string } {
  const token = `${prefixes[kind]}${randomToken(32)}.${Buffer.from(origin).toString('base64url')}`;
  return { token, tokenHash: hashToken(token) };
}

/** Hash to look a presented token up by; undefined when it cannot be one of ours. */
export function hashSessionToken(token: string): string | undefined {
  const isOurs = Object.values(prefixes).some((prefix) => token.startsWith(prefix));
  return isOurs && token.length <= 512 ? hashToken(token) : undefined;
}
