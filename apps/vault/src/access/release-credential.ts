import type { TokenRequest, TokenResponse } from '@alter-ai/core-contract';
import type { RequestContext } from '../http/request-context.js';
import { toApiError } from '../http/respond.js';
import type { CallFacts } from './describe-call.js';
import { noteUse } from './last-used.js';
import { type PreparedCall, prepareCall, recordCall } from './prepare-call.js';

/**
 * `POST /sdk/token`: resolve the grant, decide, make the token fresh, put the call on record, release. The record is durable
 * before anything leaves (A1), refusals are recorded alike, and the request's nonce is claimed by the same write (T1).
 * @throws ApiError with every code that the endpoint lists, AuditUnavailableError
 */
export async function releaseCredential(context: RequestContext, body: TokenRequest): Promise<TokenResponse> {
  const facts: CallFacts = { kind: 'access.retrieve' };
  let prepared: PreparedCall;
  try {
    prepared = await prepareCall(context, body, facts);
  } catch (error) {
    await recordCall(context, body, facts, toApiError(error));
    throw error;
  }
  await recordCall(context, body, facts);
  noteUse(context.deps, { appId: context.caller.appId, grantId: prepared.grant.grant_id });
  return prepared.credential;
}
