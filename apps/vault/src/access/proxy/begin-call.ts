import { forbiddenInjectionHeaders, type TokenRequest } from '@alter-ai/core-contract';
import {
  type InjectableCredential,
  type InjectableRequest,
  InjectionError,
  injectCredential,
  listInjectedHeaders,
  readInjectableCredential,
  StreamedBodyError,
} from '@alter-ai/core-crypto';
import { ApiError } from '../../http/api-error.js';
import type { RequestContext } from '../../http/request-context.js';
import { toApiError } from '../../http/respond.js';
import type { CallFacts } from '../describe-call.js';
import { noteUse } from '../last-used.js';
import { type PreparedCall, prepareCall, recordCall } from '../prepare-call.js';
import { type EchoPatterns, listEchoPatterns } from './echo/echo-patterns.js';
import {
  type CallContent,
  type CallFields,
  checkUrlLength,
  describeTarget,
  renderCall,
} from './render-call.js';
import { signAws } from './sign-aws.js';

/** A proxied call, rendered with its credential. */
export interface RenderedCall {
  readonly fields: CallFields;
  readonly content: CallContent;
  readonly target: TokenRequest;
  readonly facts: CallFacts;
  readonly prepared: PreparedCall;
  /** As it goes to the provider; holds the credential. */
  readonly request: InjectableRequest;
  readonly echoes: EchoPatterns;
}

/**
 * Everything before the provider is called: the same checks as in retrieve mode, the request with its credential in it, and the
 * durable record (A1), which claims the nonce (T1). Refusals are recorded alike.
 * @throws ApiError with the codes of `/sdk/proxy`, AuditUnavailableError
 */
export async function beginCall(
  context: RequestContext,
  fields: CallFields,
  content: CallContent,
): Promise<RenderedCall> {
  const target = describeTarget(fields);
  const facts: CallFacts = { kind: 'access.proxy' };
  let call: RenderedCall;
  try {
    call = await prepareAndRender(context, { fields, content, target, facts });
  } catch (error) {
    await recordCall(context, target, facts, toApiError(error));
    throw error;
  }
  await recordCall(context, target, facts);
  noteUse(context.deps, { appId: context.caller.appId, grantId: call.prepared.grant.grant_id });
  return call;
}

/** The whole call again, with the credential as it is now; nothing is recorded. @throws ApiError like {@link beginCall} */
export async function prepareAndRender(
  context: RequestContext,
  given: Pick<RenderedCall, 'fields' | 'content' | 'target' | 'facts'>,
): Promise<RenderedCall> {
  const { fields, content, target, facts } = given;
  const prepared = await prepareCall(context, target, facts);
  const { credential } = prepared;
  const injectable = readInjectable(credential);
  const plain = renderCall(
    fields,
    content,
    credential.required_headers ?? {},
    listInjectedHeaders(injectable),
  );
  facts.url = plain.url.href;
  const request = await inject(context, injectable, plain);
  checkUrlLength(request.url);
  return { ...given, prepared, request, echoes: listEchoPatterns(credential, prepared.parts) };
}

async function inject(
  { deps }: RequestContext,
  injectable: InjectableCredential,
  request: InjectableRequest,
): Promise<InjectableRequest> {
  try {
    return await injectCredential(injectable, request, {
      sign: signAws,
      now: () => new Date(deps.clock()),
    });
  } catch (error) {
    throw describeUnusable(error);
  }
}

function readInjectable(credential: PreparedCall['credential']): InjectableCredential {
  try {
    return readInjectableCredential(credential, forbiddenInjectionHeaders);
  } catch (error) {
    throw describeUnusable(error);
  }
}

/** Region and service of a secret that nobody has said, a definition that fits no request, or a body that cannot be signed. */
function describeUnusable(error: unknown): unknown {
  if (error instanceof StreamedBodyError) {
    return new ApiError('invalid_request', {
      message: `The service ${error.service} wants the hash of a body in the signature, so it cannot be streamed. Send it to /sdk/proxy (proxyRequest), which takes up to 4 MiB.`,
      fields: { field: 'has_body' },
      cause: error,
    });
  }
  if (!(error instanceof InjectionError)) return error;
  return new ApiError('provider_not_configured', { message: error.message, cause: error });
}
