import { type ScopeMismatchReport, uuidSchema } from '@alter-ai/core-contract';
import { ApiError } from '../../http/api-error.js';
import type { RequestContext } from '../../http/request-context.js';
import { findGrantById, storeMismatch } from '../../storage/live/grants/grants.js';

/**
 * `POST /sdk/grants/{grant_id}/report-scope-mismatch`: the provider refused a call for want of a scope; until the account is
 * connected again the grant is refused with `scope_mismatch` (wire/1 section 6.2).
 * @throws ApiError `grant_not_found`
 */
export async function reportMismatch(context: RequestContext, report: ScopeMismatchReport): Promise<void> {
  const { deps, caller } = context;
  const grantId = context.params.grant_id ?? '';
  if (!uuidSchema.safeParse(grantId).success) throw new ApiError('grant_not_found');
  const missingScopes = report.missing_scopes ?? [];
  const grant = await findGrantById(deps.storage, caller.appId, grantId);
  const isStored =
    grant && (await storeMismatch(deps.storage, { appId: caller.appId, grantId }, missingScopes));
  if (!isStored) throw new ApiError('grant_not_found');
  await deps.audit.append({
    kind: 'grant.scope_mismatch',
    appId: caller.appId,
    grantId,
    providerId: grant.provider_id,
    apiKeyId: caller.apiKeyId,
    keyPrefix: caller.keyPrefix,
    caller: caller.caller,
    callerType: caller.callerType,
    actorId: caller.actorId,
    url: report.api_endpoint,
    status: report.provider_status_code,
    errorCode: report.provider_error_code,
    sourceAddress: context.sourceAddress,
    traceId: caller.traceId,
    requestId: context.requestId,
    details: {
      missing_scopes: missingScopes,
      detection_source: report.detection_source,
      ...(report.sdk_correlation_id ? { sdk_correlation_id: report.sdk_correlation_id } : {}),
    },
  });
}
