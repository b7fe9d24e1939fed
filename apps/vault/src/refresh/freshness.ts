/** How long before its end an access token is replaced (R1). */
export const refreshBufferMs = 300_000;

/** What freshness depends on; columns of `credentials`. */
export interface TokenLife {
  readonly access_expires_at: number | null;
  readonly access_issued_at: number;
  readonly is_refresh_forced: number;
}

/** Whether the stored access token is to be used as it is, without a refresh (R1). */
export function isFresh(token: TokenLife, nowMs: number): boolean {
  if (token.is_refresh_forced !== 0) return false;
  if (token.access_expires_at === null) return true;
  const lifetimeMs = Math.max(0, token.access_expires_at - token.access_issued_at);
  return nowMs < token.access_expires_at - Math.min(refreshBufferMs, lifetimeMs / 2);
}

/** Until when the stored access token can be used where no refresh is to be had (R8); 0 for not at all. */
export function findUsableUntilMs(token: TokenLife): number {
  if (token.is_refresh_forced !== 0) return 0;
  return token.access_expires_at ?? Number.POSITIVE_INFINITY;
}

/** Whether a credential is to be renewed ahead of a limit, however fresh its access token is (R1). */
export function isRenewalDue(
  row: { readonly renew_at: number | null; readonly has_refresh_token: number },
  nowMs: number,
): boolean {
  return row.has_refresh_token !== 0 && row.renew_at !== null && row.renew_at <= nowMs;
}
