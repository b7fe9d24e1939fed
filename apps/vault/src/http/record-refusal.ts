import type { ErrorCode } from '@alter-ai/core-contract';
import type { AuditEventKind } from '../audit/audit-event.js';
import type { VaultDeps } from '../deps.js';
import type { OpenRequest } from './create-context.js';
import { createRateLimitError, type RateLimiter } from './limits/rate-limit.js';
import { toApiError } from './respond.js';
import type { EndpointRegistration } from './route.js';
import type { RefusedKey } from './signed/authenticate-key.js';

/** How far a request came before it was refused. */
export interface SeenRequest extends RefusedKey {
  /** True once the endpoint's own work began. */
  isHandled?: boolean;
}

/** Refusals per minute and address that get their own record; beyond it the answer is 429 (T5). */
const refusalsPerMinuteMax = 300;
const refusalsPerMinuteMaxDevelopment = 1500;

/** Refusals of the general part. */
const generalEvents: Partial<Record<ErrorCode, AuditEventKind>> = {
  missing_signature: 'security.signature_refused',
  invalid_signature: 'security.signature_refused',
  timestamp_out_of_range: 'security.signature_refused',
  nonce_reused: 'security.nonce_reused',
  invalid_key: 'security.key_refused',
  key_expired: 'security.key_refused',
  key_revoked: 'security.key_refused',
  ip_not_allowed: 'security.key_refused',
  insufficient_scope: 'security.key_refused',
  constraint_not_narrowing: 'security.key_refused',
};

/** Refusals by an endpoint's own work; those of endpoints that write a record for each call are in it already. */
const handledEvents: Partial<Record<ErrorCode, AuditEventKind>> = {
  jwt_validation_error: 'security.user_token_refused',
  invalid_origin: 'security.origin_refused',
  invalid_return_url: 'security.origin_refused',
  forbidden: 'security.origin_refused',
};

/**
 * Records a refusal that concerns security, and answers what the caller is to be told: the refusal itself, or 429 when there
 * are too many of them. What cannot be recorded is refused all the same.
 */
export async function recordRefusal(
  parts: { readonly deps: VaultDeps; readonly limiter: RateLimiter },
  request: OpenRequest,
  seen: SeenRequest,
  { endpoint, options }: EndpointRegistration,
  thrown: unknown,
): Promise<unknown> {
  const { deps } = parts;
  const error = toApiError(thrown);
  const isOwnRecord = options.claimsNonceItself === true || endpoint.name === 'verifyUserToken';
  const kind = seen.isHandled
    ? isOwnRecord
      ? undefined
      : handledEvents[error.code]
    : generalEvents[error.code];
  if (kind === undefined) return thrown;
  const max = deps.config.isDevelopment ? refusalsPerMinuteMaxDevelopment : refusalsPerMinuteMax;
  const verdict = parts.limiter.count(`refused ${request.sourceAddress}`, max);
  // A flood of refusals must not fill the log of what matters.
  if (!verdict.isAllowed) return createRateLimitError(verdict, 'ip', deps.clock());
  try {
    await deps.audit.append({
      kind,
      appId: seen.appId ?? null,
      apiKeyId: seen.apiKeyId,
      keyPrefix: seen.keyPrefix,
      decision: 'deny',
      outcome: 'deny',
      errorCode: error.code,
      method: request.head.method,
      sourceAddress: request.sourceAddress,
      requestId: request.requestId,
      details: { endpoint: endpoint.name },
    });
  } catch {
    deps.log.error({ requestId: request.requestId, code: error.code }, 'a refusal could not be recorded');
  }
  return thrown;
}
