import type { AuditCallRequest } from '@alter-ai/core-contract';
import { sha256Hex } from '@alter-ai/core-crypto';
import { ApiError } from '../../http/api-error.js';
import type { RequestContext } from '../../http/request-context.js';
import { findGrantById } from '../../storage/live/grants/grants.js';
import { noteRefusal } from './note-refusal.js';

/**
 * `POST /sdk/oauth/audit/api-call`: records how a provider call ended, with sizes and digests of its bodies, never the bodies
 * (A2). A provider's 401 for the current token makes the next use refresh; its 403 on a grant that is known to lack a
 * required scope makes the next use ask for a new connection.
 * @throws ApiError `grant_not_found`, `nonce_reused`; AuditUnavailableError
 */
export async function recordOutcome(context: RequestContext, body: AuditCallRequest): Promise<void> {
  const { deps, caller } = context;
  const grant = await findGrantById(deps.storage, caller.appId, body.grant_id);
  if (!grant) throw new ApiError('grant_not_found');
  const request = measureBody(body.request_body);
  const response = measureBody(body.response_body);
  const event = {
    kind: 'access.outcome',
    appId: caller.appId,
    grantId: grant.id,
    providerId: grant.provider_id,
    userId: grant.principal_type === 'user' ? grant.principal_id : undefined,
    apiKeyId: caller.apiKeyId,
    keyPrefix: caller.keyPrefix,
    caller: caller.caller,
    callerType: caller.callerType,
    actorId: caller.actorId,
    principal: grant.principal_type === 'system' ? 'system' : `${grant.principal_type}:${grant.principal_id}`,
    credentialKind: grant.grant_kind,
    method: body.method,
    url: body.url,
    reason: body.reason,
    context: body.context ?? caller.context,
    outcome: describeStatus(body.response_status),
    status: body.response_status,
    latencyMs: Math.round(body.latency_ms),
    requestBytes: request?.bytes,
    requestSha256: request?.sha256,
    responseBytes: response?.bytes,
    responseSha256: response?.sha256,
    sourceAddress: context.sourceAddress,
    traceId: caller.traceId,
    requestId: context.requestId,
    details: body.token_generation ? { token_generation: body.token_generation } : undefined,
  } as const;
  const result = await deps.audit.append(event, caller.nonceClaim);
  if (!result.isNonceAccepted) throw new ApiError('nonce_reused');
  if (grant.grant_kind === 'managed_secret') return;
  await noteRefusal(context, {
    grantId: grant.id,
    credentialId: grant.credential_id,
    tokenGeneration: body.token_generation,
    status: body.response_status,
    challenge: body.response_headers?.['www-authenticate'],
  });
}

function describeStatus(status: number): string {
  if (status === 0) return 'no_answer';
  return status < 400 ? 'ok' : 'provider_error';
}

function measureBody(body: unknown): { bytes: number; sha256: string } | undefined {
  if (body === undefined || body === null) return undefined;
  const bytes = Buffer.from(typeof body === 'string' ? body : JSON.stringify(body), 'utf8');
  return { bytes: bytes.length, sha256: sha256Hex(bytes) };
}
