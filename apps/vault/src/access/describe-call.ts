import type { TokenRequest } from '@alter-ai/core-contract';
import type { Denial } from '@alter-ai/core-policy';
import type { AuditEvent } from '../audit/audit-event.js';
import type { RequestContext } from '../http/request-context.js';

/** What has become known of a call by the time it is recorded. */
export interface CallFacts {
  /** Whether the credential is released, or the vault makes the call itself. */
  readonly kind: 'access.retrieve' | 'access.proxy';
  /** The URL with everything that is added to the one of the body. */
  url?: string | undefined;
  /** What else the record says. */
  details?: AuditEvent['details'];
  userId?: string | undefined;
  grantId?: string | undefined;
  providerId?: string | undefined;
  principal?: string | undefined;
  /** `oauth` where nothing else is said. */
  credentialKind?: string | undefined;
  denial?: Denial | undefined;
}

/** The audit record of a released or refused credential (A2, A4). */
export function describeCall(
  context: RequestContext,
  body: TokenRequest,
  facts: CallFacts,
  refusal?: { code: string; status: number },
): AuditEvent {
  const { caller } = context;
  return {
    kind: facts.kind,
    appId: caller.appId,
    grantId: facts.grantId,
    providerId: facts.providerId ?? body.provider_id,
    userId: facts.userId,
    apiKeyId: caller.apiKeyId,
    keyPrefix: caller.keyPrefix,
    caller: caller.caller,
    callerType: caller.callerType,
    actorId: caller.actorId,
    principal: facts.principal,
    credentialKind: facts.credentialKind ?? 'oauth',
    method: body.request.method,
    url: facts.url ?? body.request.url,
    reason: body.reason,
    context: caller.context,
    decision: refusal === undefined ? 'allow' : 'deny',
    outcome: refusal !== undefined ? 'refused' : facts.kind === 'access.proxy' ? 'started' : 'released',
    errorCode: refusal?.code,
    status: refusal?.status,
    rule: facts.denial && describeRule(facts.denial),
    sourceAddress: context.sourceAddress,
    traceId: caller.traceId,
    requestId: context.requestId,
    // A grant id that was not found is kept as it was asked for, in case somebody is probing.
    details:
      facts.grantId === undefined && body.grant_id !== undefined
        ? { ...facts.details, requested_grant_id: body.grant_id }
        : facts.details,
  };
}

function describeRule(denial: Denial): AuditEvent['rule'] {
  return {
    id: denial.ruleId,
    ...(denial.ruleName === undefined ? {} : { name: denial.ruleName }),
    error: denial.error,
    observed: { ...denial.observed },
  };
}
