import type { RequestContext } from '../../http/request-context.js';
import { forceRefresh } from '../../storage/live/credentials.js';
import { storeMismatch } from '../../storage/live/grants/grants.js';
import { findUsableGrant, type UsableGrant } from '../../storage/live/grants/usable-grant.js';
import { listMissingScopes } from '../answer-token.js';

/** How a provider refused a call. */
export interface ProviderRefusal {
  readonly grantId: string;
  readonly credentialId: string;
  /** The token set that the call was made with. */
  readonly tokenGeneration: string | null | undefined;
  readonly status: number;
  /** `WWW-Authenticate` of the answer. */
  readonly challenge: string | undefined;
}

/** Whether a provider refused the token itself: RFC 6750 section 3.1, a token that lacks a scope is good otherwise. */
export function isTokenRefused(refusal: Pick<ProviderRefusal, 'status' | 'challenge'>): boolean {
  return refusal.status === 401 && !/\berror="?insufficient_scope\b/i.test(refusal.challenge ?? '');
}

/**
 * Draws the conclusion from a provider's refusal of an OAuth token: a 401 for the current token makes the next use refresh; a 403
 * on a grant that is known to lack a required scope makes the next use ask for a new connection.
 */
export async function noteRefusal(context: RequestContext, refusal: ProviderRefusal): Promise<void> {
  const { deps, caller } = context;
  if (isTokenRefused(refusal) && refusal.tokenGeneration) {
    const key = { appId: caller.appId, credentialId: refusal.credentialId };
    await forceRefresh(deps.storage, key, refusal.tokenGeneration, deps.clock());
  }
  if (refusal.status === 403) await noteRefusedScope(context, refusal.grantId);
}

async function noteRefusedScope(context: RequestContext, grantId: string): Promise<void> {
  const { deps, caller } = context;
  const grant = await findUsableGrant(deps.storage, caller.appId, grantId);
  if (!grant || grant.mismatch_json !== null) return;
  const missing = await listMissing(context, grant);
  if (missing.length > 0) await storeMismatch(deps.storage, { appId: caller.appId, grantId }, missing);
}

async function listMissing({ deps, caller }: RequestContext, grant: UsableGrant): Promise<string[]> {
  const settings = await deps.settings.load(caller.appId, caller.appVersion);
  const provider = settings.providersByConfigId.get(grant.provider_config_id);
  return provider ? listMissingScopes(provider, JSON.parse(grant.scopes_json) as string[]) : [];
}
