import type { AuditEvent } from '../../audit/audit-event.js';
import type { RequestContext } from '../../http/request-context.js';
import { describeCall } from '../describe-call.js';
import type { RenderedCall } from './begin-call.js';

/** How a proxied call ended; sizes and digests of bodies, never the bodies (A2). */
export type CallOutcome = Pick<
  AuditEvent,
  | 'outcome'
  | 'status'
  | 'latencyMs'
  | 'requestBytes'
  | 'requestSha256'
  | 'responseBytes'
  | 'responseSha256'
  | 'errorCode'
>;

/**
 * Puts the end of a proxied call on record. Nobody waits for it, as the call itself is on record already; one that cannot be
 * written is told to the log.
 */
export function recordCallOutcome(context: RequestContext, call: RenderedCall, outcome: CallOutcome): void {
  const { deps, requestId } = context;
  deps.audit
    .append({
      ...describeCall(context, call.target, call.facts),
      kind: 'access.outcome',
      decision: undefined,
      ...outcome,
      latencyMs: Math.round(outcome.latencyMs ?? 0),
      details: { token_generation: call.prepared.grant.token_generation, mode: 'proxy' },
    })
    .catch(() => deps.log.error({ requestId }, 'the outcome of a proxied call could not be recorded'));
}

/** Puts on record, durably, that a provider sent the credential back (B7). @throws AuditUnavailableError */
export async function recordEcho(
  context: RequestContext,
  call: RenderedCall,
  found: { status: number; place: 'header' | 'body' },
): Promise<void> {
  await context.deps.audit.append({
    ...describeCall(context, call.target, call.facts),
    kind: 'security.credential_echoed',
    decision: 'deny',
    outcome: 'deny',
    errorCode: 'credential_echoed',
    status: found.status,
    details: { place: found.place },
  });
}

/** The word for a status that a provider answered. */
export function describeStatus(status: number): 'ok' | 'provider_error' {
  return status < 400 ? 'ok' : 'provider_error';
}
