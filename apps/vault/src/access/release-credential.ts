import type { TokenRequest, TokenResponse } from '@alter-ai/core-contract';
import { openReleasedTokens } from '../grants/stored-tokens.js';
import { ApiError } from '../http/api-error.js';
import type { RequestContext } from '../http/request-context.js';
import { toApiError } from '../http/respond.js';
import { ensureFresh } from '../refresh/ensure-fresh.js';
import { findUsableUntilMs, isFresh } from '../refresh/freshness.js';
import { releaseSecret } from '../secrets/release-secret.js';
import { findUsableGrant, type UsableGrant } from '../storage/live/usable-grant.js';
import { answerToken } from './answer-token.js';
import { checkCall } from './checks/check-call.js';
import { checkGrantState, isStillUsable } from './checks/check-grant-state.js';
import { listAllowedHosts } from './checks/list-allowed-hosts.js';
import { type CallFacts, describeCall } from './describe-call.js';
import { noteUse } from './last-used.js';
import { resolveGrant } from './resolve-grant.js';

/**
 * `POST /sdk/token`: resolve the grant, decide, make the token fresh, put the call on record, release. The record is durable
 * before anything leaves (A1), refusals are recorded alike, and the request's nonce is claimed by the same write (T1).
 * @throws ApiError with every code that the endpoint lists, AuditUnavailableError
 */
export async function releaseCredential(context: RequestContext, body: TokenRequest): Promise<TokenResponse> {
  const facts: CallFacts = {};
  let answer: TokenResponse;
  try {
    answer = await prepareRelease(context, body, facts);
  } catch (error) {
    const refusal = toApiError(error);
    await recordCall(context, body, facts, refusal);
    throw error;
  }
  await recordCall(context, body, facts);
  noteUse(context.deps, { appId: context.caller.appId, grantId: answer.grant_id });
  return answer;
}

async function prepareRelease(
  context: RequestContext,
  body: TokenRequest,
  facts: CallFacts,
): Promise<TokenResponse> {
  const { deps, caller } = context;
  const settings = await deps.settings.load(caller.appId, caller.appVersion);
  const resolved = await resolveGrant(deps, settings, body, (userId) => {
    facts.userId = userId;
  });
  let { grant } = resolved;
  facts.grantId = grant.grant_id;
  facts.providerId = grant.provider_id;
  facts.principal =
    grant.principal_type === 'system' ? 'system' : `${grant.principal_type}:${grant.principal_id}`;

  const nowMs = deps.clock();
  checkGrantState(grant, nowMs);
  const secret = settings.managedSecretsById.get(grant.provider_config_id);
  if (secret) {
    facts.credentialKind = secret.definition.kind;
    return releaseSecret(context, { body, settings, grant, secret, facts });
  }
  const provider = settings.providersByConfigId.get(grant.provider_config_id);
  if (provider === undefined) {
    throw new ApiError('provider_not_configured', {
      message: `The provider ${grant.provider_id} is not configured for this app any more.`,
      fields: { provider_id: grant.provider_id, grant_id: grant.grant_id },
    });
  }
  const allowedHosts = listAllowedHosts(provider, grant);
  checkCall(context, settings, grant, { url: body.request.url, allowedHosts }, facts);
  if (!isFresh(grant, nowMs) && !isStillUsable(grant, nowMs)) {
    await ensureFresh(deps, {
      appId: grant.app_id,
      credentialId: grant.credential_id,
      grantId: grant.grant_id,
      parameters: JSON.parse(grant.parameters_json) as Record<string, string>,
      token: grant,
      provider,
      settings,
    });
    grant = await readAgain(context, grant);
  }
  const key = { appId: grant.app_id, credentialId: grant.credential_id };
  const tokens = await openReleasedTokens(deps.keyring, key, grant.sealed_tokens);
  return answerToken(grant, provider, tokens, { allowedHosts, nowMs: deps.clock() });
}

/** After a refresh the grant may be another one than before: new tokens, or taken back meanwhile (F7). */
async function readAgain(context: RequestContext, before: UsableGrant): Promise<UsableGrant> {
  const { deps } = context;
  const grant = await findUsableGrant(deps.storage, before.app_id, before.grant_id);
  if (!grant) throw new ApiError('grant_not_found');
  const nowMs = deps.clock();
  checkGrantState(grant, nowMs);
  // Another credential than the one that was made fresh, and no better: the next call sees to it.
  if (!isFresh(grant, nowMs) && findUsableUntilMs(grant) <= nowMs) {
    throw new ApiError('token_refresh_in_progress', {
      fields: { grant_id: grant.grant_id, provider_id: grant.provider_id },
      retryAfterSeconds: 1,
    });
  }
  return grant;
}

async function recordCall(
  context: RequestContext,
  body: TokenRequest,
  facts: CallFacts,
  refusal?: { code: string; status: number },
): Promise<void> {
  const event = describeCall(context, body, facts, refusal);
  const result = await context.deps.audit.append(event, context.caller.nonceClaim);
  context.setHeader('X-Alter-Audit-Record-Id', result.recordId);
  if (!result.isNonceAccepted) throw new ApiError('nonce_reused');
}
