import { sha256Hex } from '@alter-ai/core-crypto';
import { listRenewals, type StoredTokens } from '../../grants/stored-tokens.js';
import type { CredentialReading } from '../../storage/live/credentials.js';

/** One of the credentials of an answer that holds several, each with a refresh token of its own (Slack's bot and user). */
export interface TokenPart {
  /** Null: the first one. */
  readonly name: string | null;
  readonly refreshToken: string;
}

type Row = Pick<CredentialReading, 'generation' | 'intent_generation' | 'intent_hash'>;

/**
 * Which refresh token is to be presented now: one whose outcome a former holder left open, since nothing else may happen to it
 * before it is judged (R4); else that of the credential that ends first.
 */
export function choosePart(row: Row, tokens: StoredTokens): TokenPart {
  const own = { name: null, refreshToken: tokens.refresh_token ?? '', endMs: tokens.expires_at };
  const parts = [
    own,
    ...listRenewals(tokens).map(([name, renewal]) => ({
      name,
      refreshToken: renewal.refresh_token,
      endMs: renewal.expires_at,
    })),
  ];
  const open =
    row.intent_generation === row.generation
      ? parts.find((part) => sha256Hex(part.refreshToken) === row.intent_hash)
      : undefined;
  if (open) return open;
  return parts.reduce((first, part) => (readEnd(part) < readEnd(first) ? part : first), own);
}

function readEnd(part: { endMs: number | undefined }): number {
  return part.endMs ?? Number.POSITIVE_INFINITY;
}
