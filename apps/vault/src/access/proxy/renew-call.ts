import { ApiError } from '../../http/api-error.js';
import type { RequestContext } from '../../http/request-context.js';
import { describeCall } from '../describe-call.js';
import { isTokenRefused, noteRefusal } from '../feedback/note-refusal.js';
import { prepareAndRender, type RenderedCall } from './begin-call.js';

/** `WWW-Authenticate` of an answer. */
export function readChallenge(headers: readonly (readonly [name: string, value: string])[]): string {
  return headers
    .filter(([name]) => name === 'www-authenticate')
    .map(([, value]) => value)
    .join(', ');
}

/** What a refusal of the provider means for the next call. */
export async function learnFromAnswer(
  context: RequestContext,
  call: RenderedCall,
  refusal: { status: number; challenge: string | undefined },
): Promise<void> {
  if (call.prepared.kind !== 'oauth') return;
  const { grant, credential } = call.prepared;
  await noteRefusal(context, {
    ...refusal,
    grantId: grant.grant_id,
    credentialId: grant.credential_id,
    tokenGeneration: credential.token_generation,
  });
}

/**
 * After a provider's 401: the call with a refreshed token, everything rendered anew and put on record before it starts (A1);
 * undefined where there is no better token to be had.
 * @throws ApiError when the refresh shows that the credential is dead, or the rules refuse the call by now
 */
export async function renewCall(
  context: RequestContext,
  call: RenderedCall,
  refusal: { status: number; challenge: string | undefined },
): Promise<RenderedCall | undefined> {
  const { prepared, target } = call;
  if (!isTokenRefused(refusal) || prepared.kind !== 'oauth' || prepared.grant.has_refresh_token === 0) {
    return undefined;
  }
  const facts = { ...call.facts, details: { replay: 'refreshed' } };
  let renewed: RenderedCall;
  try {
    renewed = await prepareAndRender(context, { ...call, facts });
  } catch (error) {
    // A refresh that is to be had later leaves the provider's own answer as the better one.
    if (error instanceof ApiError && [409, 503].includes(error.status)) return undefined;
    throw error;
  }
  if (renewed.prepared.credential.token_generation === prepared.credential.token_generation) return undefined;
  await context.deps.audit.append(describeCall(context, target, facts));
  return renewed;
}
