import type { TokenRequest, TokenResponse } from '@alter-ai/core-contract';
import { SecretValue } from '@alter-ai/core-crypto';
import { checkCall } from '../access/checks/check-call.js';
import type { CallFacts } from '../access/describe-call.js';
import type { RequestContext } from '../http/request-context.js';
import type { ManagedSecretSettings } from '../settings/managed-secrets/build-managed-secret.js';
import type { AppSettings } from '../settings/settings-reader.js';
import type { UsableGrant } from '../storage/live/grants/usable-grant.js';
import { listSecretFields } from './definition/secret-fields.js';
import { renderSecret } from './value/render-secret.js';
import { openSecret } from './value/secret-value.js';

/** A call through a grant on a managed secret; the grant's own state has been checked. */
export interface SecretCall {
  readonly body: TokenRequest;
  readonly settings: AppSettings;
  readonly grant: UsableGrant;
  readonly secret: ManagedSecretSettings;
  readonly facts: CallFacts;
}

/** A managed secret on its way out. */
export interface ReleasedSecret {
  /** The answer of `POST /sdk/token`. */
  readonly credential: TokenResponse;
  /** What was stored of it as a secret: a format may have put several into one text. */
  readonly parts: readonly SecretValue[];
}

/**
 * Opens and renders a managed secret: it never gets old, so there is nothing to refresh.
 * @throws ApiError `blocked_destination`, or the denying rule's kind; OpenError
 */
export async function releaseSecret(context: RequestContext, call: SecretCall): Promise<ReleasedSecret> {
  const { body, settings, grant, secret, facts } = call;
  const { deps } = context;
  const { hosts, allowed_networks: allowedNetworks } = secret.definition;
  const target = { url: body.request.url, allowedHosts: hosts, allowedNetworks };
  checkCall(context, settings, grant, target, facts);
  const key = { appId: grant.app_id, credentialId: grant.credential_id };
  const fields = await openSecret(deps.keyring, key, grant.sealed_tokens);
  const endsAtMs = grant.grant_expires_at;
  const parts = listSecretFields(secret.definition).flatMap(({ name, isSecret }) =>
    isSecret && fields[name] ? [SecretValue.of(fields[name])] : [],
  );
  const credential: TokenResponse = {
    ...renderSecret(secret.definition, fields),
    grant_id: grant.grant_id,
    expires_in: endsAtMs === null ? null : Math.max(0, Math.floor((endsAtMs - deps.clock()) / 1000)),
    expires_at: endsAtMs === null ? null : new Date(endsAtMs).toISOString(),
    scopes: [],
    provider_id: secret.slug,
    scope_mismatch: false,
    token_generation: grant.token_generation,
    allowed_hosts: [...hosts],
  };
  return { credential, parts };
}
