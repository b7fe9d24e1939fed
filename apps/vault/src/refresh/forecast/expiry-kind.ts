import type { CredentialRow } from '../../storage/live/credentials.js';

/** Answers to the same end differ by the seconds that passed in between. */
const toleranceMs = 120_000;

/** Whether a refresh moves the refresh token's end, judged from the last answer and the one before. */
export function judgeExpiryKind(
  row: Pick<CredentialRow, 'refresh_expires_at' | 'refresh_expiry_kind'>,
  answeredMs: number | undefined,
): CredentialRow['refresh_expiry_kind'] {
  if (answeredMs === undefined || row.refresh_expires_at === null) return row.refresh_expiry_kind;
  return answeredMs > row.refresh_expires_at + toleranceMs ? 'renewed' : 'fixed';
}
