import type { AlterError, ConnectedGrant, ConnectedGrants, Grant, Outcome } from './types.js';

/** An `Error` that carries `code` and `details`, as the library throws and reports it. */
export function createError(
  code: string,
  message: string,
  details?: Record<string, unknown>,
): Error & AlterError {
  return Object.assign(new Error(message), { code }, details && { details });
}

export function fail(code: string, message: string, details?: Record<string, unknown>): Outcome {
  return { name: 'error', value: createError(code, message, details) };
}

function completeGrant(raw: Partial<Grant>): ConnectedGrant | undefined {
  if (!raw?.grant_id || !raw.provider) return;
  const provider_name = raw.provider_name || raw.provider;
  const account_identifier = raw.account_identifier || '';
  const grant: ConnectedGrant = {
    grant_id: raw.grant_id,
    provider: raw.provider,
    provider_name,
    account_identifier,
    timestamp: raw.timestamp || new Date().toISOString(),
    operation: raw.operation === 'reauth' ? 'reauth' : 'creation',
    scopes: Array.isArray(raw.scopes) ? raw.scopes : [],
    status: raw.status === 'pending' || raw.status === 'error' ? raw.status : 'active',
    grantId: raw.grant_id,
    providerName: provider_name,
    accountIdentifier: account_identifier,
  };
  if (raw.metadata) grant.metadata = raw.metadata;
  return grant;
}

/** The success outcome of the grants in a message, a server answer or a redirect; entries without `grant_id` or `provider` are dropped, none left is `invalid_response`. */
export function toSuccess(raw: unknown): Outcome {
  const grants = (Array.isArray(raw) ? raw : []).flatMap((entry) => completeGrant(entry) ?? []);
  const [first] = grants;
  if (!first) return fail('invalid_response', 'Success without a grant');
  for (const key of Object.keys(first) as (keyof ConnectedGrant)[]) {
    // Not enumerable, so that copying, comparing and serialising the array still see a plain array.
    Object.defineProperty(grants, key, { value: first[key] });
  }
  return { name: 'success', value: grants as ConnectedGrants };
}

/** The outcome of a failure the vault names; a session that its user cancelled on the page is an exit. */
export function toFailure(code: unknown, message: unknown, details?: Record<string, unknown>): Outcome {
  if (code === 'connect_cancelled') return { name: 'exit' };
  return fail(String(code || 'oauth_error'), String(message || 'OAuth authorization failed'), details);
}
