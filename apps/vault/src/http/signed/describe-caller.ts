import type { AuditEvent } from '../../audit/audit-event.js';
import type { RequestContext } from '../request-context.js';

/** What an audit record says of who called, and of the request (A2). */
export function describeCaller({ caller, sourceAddress, requestId }: RequestContext): Partial<AuditEvent> {
  return {
    apiKeyId: caller.apiKeyId,
    keyPrefix: caller.keyPrefix,
    caller: caller.caller,
    callerType: caller.callerType,
    actorId: caller.actorId,
    context: caller.context,
    sourceAddress,
    traceId: caller.traceId,
    requestId,
  };
}
