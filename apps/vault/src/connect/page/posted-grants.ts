import type { PostedGrant } from '@alter-ai/core-contract';
import type { SessionError, SessionResult } from '../session/session-state.js';

/** The grants of a session as the popup posts them (wire/4). */
export function buildPostedGrants(results: readonly SessionResult[]): PostedGrant[] {
  return results.map((result) => {
    const metadata = {
      ...(result.accountDisplayName ? { account_display_name: result.accountDisplayName } : {}),
      ...(result.accountEmail ? { account_email: result.accountEmail } : {}),
    };
    return {
      grant_id: result.grantId,
      provider: result.providerId,
      provider_name: result.providerName,
      account_identifier: result.accountIdentifier,
      timestamp: new Date(result.atMs).toISOString(),
      operation: result.operation,
      scopes: [...result.scopes],
      status: 'active',
      ...(Object.keys(metadata).length > 0 ? { metadata } : {}),
    };
  });
}

/**
 * Where a full-page flow goes when its session is over: the registered return URL with the parameters of wire/4. One grant travels in the
 * published parameters; `alter_grants` (base64url JSON, ours) carries all of them.
 */
export function buildReturnAddress(
  returnUrl: string,
  end: { results: readonly SessionResult[]; error: SessionError | null },
): string {
  const url = new URL(returnUrl);
  const first = buildPostedGrants(end.results)[0];
  if (first) {
    url.searchParams.set('alter_connect_success', 'true');
    url.searchParams.set('grant_id', first.grant_id);
    url.searchParams.set('provider', first.provider);
    url.searchParams.set('provider_name', first.provider_name);
    url.searchParams.set('account_identifier', first.account_identifier);
    url.searchParams.set('timestamp', first.timestamp);
    url.searchParams.set('operation', first.operation);
    url.searchParams.set('scopes', first.scopes.join(','));
    url.searchParams.set('status', first.status);
    if (end.results.length > 1) {
      url.searchParams.set(
        'alter_grants',
        Buffer.from(JSON.stringify(buildPostedGrants(end.results))).toString('base64url'),
      );
    }
    return url.href;
  }
  const code = end.error?.code ?? 'connect_denied';
  url.searchParams.set('alter_connect_error', code);
  url.searchParams.set('error_code', code);
  url.searchParams.set('error_description', end.error?.message ?? 'Nothing was connected.');
  return url.href;
}
