import type { TokenRequest, TokenResponse } from '@alter-ai/core-contract';
import type { SecretValue } from '@alter-ai/core-crypto';
import { openReleasedTokens } from '../grants/stored-tokens.js';
import { ApiError } from '../http/api-error.js';
import type { RequestContext } from '../http/request-context.js';
import { ensureFresh } from '../refresh/ensure-fresh.js';
import { findUsableUntilMs, isFresh } from '../refresh/freshness.js';
import { releaseSecret } from '../secrets/release-secret.js';
import type { AppSettings, ProviderSettings } from '../settings/settings-reader.js';
import { findUsableGrant, type UsableGrant } from '../storage/live/grants/usable-grant.js';
import { answerToken } from './answer-token.js';
import { checkCall } from './checks/check-call.js';
import { checkGrantState, isStillUsable } from './checks/check-grant-state.js';
import { listAllowedHosts } from './checks/list-allowed-hosts.js';
import { refuseRelease } from './checks/refuse-release.js';
import { type CallFacts, describeCall } from './describe-call.js';
import { resolveGrant } from './resolve-grant.js';

/** A call that may go on: its grant, and the credential as the protocol describes it. */
export interface PreparedCall {
  readonly kind: 'oauth' | 'managed_secret';
  readonly grant: UsableGrant;
  readonly credential: TokenResponse;
  /** Secrets that `credential` may hold as a part of a longer text. */
  readonly parts: readonly SecretValue[];
  /** Hosts that the credential may go to (E1). */
  readonly allowedHosts: readonly string[];
  /** CIDRs and hosts inside the operator's network that it may go to. */
  readonly allowedNetworks: readonly string[];
}

/**
 * What every use of a credential begins with, whoever makes the call then: resolve the grant, check its state, decide, make the
 * token fresh, open it. `facts` learns what the record is to say, also when it fails.
 * @throws ApiError with the codes of `/sdk/token`
 */
export async function prepareCall(
  context: RequestContext,
  body: TokenRequest,
  facts: CallFacts,
): Promise<PreparedCall> {
  const { deps, caller } = context;
  const settings = await deps.settings.load(caller.appId, caller.appVersion);
  const { grant } = await resolveGrant(deps, settings, body, (userId) => {
    facts.userId = userId;
  });
  facts.grantId = grant.grant_id;
  facts.providerId = grant.provider_id;
  facts.principal =
    grant.principal_type === 'system' ? 'system' : `${grant.principal_type}:${grant.principal_id}`;

  checkGrantState(grant, deps.clock());
  const secret = settings.managedSecretsById.get(grant.provider_config_id);
  if (secret) {
    facts.credentialKind = secret.definition.kind;
    if (facts.kind === 'access.retrieve') refuseRelease(grant, secret.definition.proxy_only === true);
    const { hosts, allowed_networks: own } = secret.definition;
    return {
      kind: 'managed_secret',
      grant,
      ...(await releaseSecret(context, { body, settings, grant, secret, facts })),
      allowedHosts: hosts,
      allowedNetworks: own.length === 0 ? settings.allowedNetworks : [...settings.allowedNetworks, ...own],
    };
  }
  const provider = settings.providersByConfigId.get(grant.provider_config_id);
  if (provider === undefined) {
    throw new ApiError('provider_not_configured', {
      message: `The provider ${grant.provider_id} is not configured for this app any more.`,
      fields: { provider_id: grant.provider_id, grant_id: grant.grant_id },
    });
  }
  if (facts.kind === 'access.retrieve') refuseRelease(grant, provider.isProxyOnly);
  const allowedHosts = listAllowedHosts(provider, grant);
  checkCall(context, settings, grant, { url: body.request.url, allowedHosts }, facts);
  const usable = await makeFresh(context, settings, provider, grant);
  const key = { appId: usable.app_id, credentialId: usable.credential_id };
  const tokens = await openReleasedTokens(deps.keyring, key, usable.sealed_tokens);
  return {
    kind: 'oauth',
    grant: usable,
    credential: answerToken(usable, provider, tokens, { allowedHosts, nowMs: deps.clock() }),
    parts: [],
    allowedHosts,
    allowedNetworks: settings.allowedNetworks,
  };
}

/** Puts a call on record, durably (A1), and claims its nonce with it (T1). @throws ApiError `nonce_reused`; AuditUnavailableError */
export async function recordCall(
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

async function makeFresh(
  context: RequestContext,
  settings: AppSettings,
  provider: ProviderSettings,
  grant: UsableGrant,
): Promise<UsableGrant> {
  const { deps } = context;
  const nowMs = deps.clock();
  if (isFresh(grant, nowMs) || isStillUsable(grant, nowMs)) return grant;
  await ensureFresh(deps, {
    appId: grant.app_id,
    credentialId: grant.credential_id,
    grantId: grant.grant_id,
    parameters: JSON.parse(grant.parameters_json) as Record<string, string>,
    token: grant,
    provider,
    settings,
  });
  return readAgain(context, grant);
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
