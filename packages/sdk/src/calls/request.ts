import { AlterSDKError } from '../errors/alter-sdk-error.js';
import { TimeoutError } from '../errors/network-errors.js';
import { ProviderAPIError, ScopeReauthRequiredError } from '../errors/provider-errors.js';
import { checkCaller } from '../options/client-options.js';
import type { EitherSpelling } from '../options/option-names.js';
import { resolveUserToken } from '../options/user-token.js';
import { buildProviderError } from '../outcome/provider-outcome.js';
import { type CallOutcome, describeText, type RecordFacts, recordCall } from '../outcome/record-call.js';
import { reportScopeMismatch } from '../outcome/report-scope-mismatch.js';
import { copyBody, readTextUpTo } from '../outcome/response-copy.js';
import { encodeCallContext } from '../vault/call-context.js';
import { callEndpoint } from '../vault/call-endpoint.js';
import { requireOpen, trackPending, type VaultClient } from '../vault/vault-client.js';
import { type Credential, readCredential, retrieveTokenEndpoint } from './credential.js';
import { addHeaders, callProvider, type ProviderRequest, prepareRequest } from './provider-call.js';
import { type RequestOptions, readMethod, readRequestOptions } from './request-options.js';
import { buildTargetUrl } from './target-url.js';

const attemptsMax = 3;
const retryDelayMs = 250;
const errorBodyBytesMax = 65_536;

/** One call, checked: everything that an attempt at the provider needs. */
interface PreparedCall {
  readonly request: ProviderRequest;
  readonly credential: Credential;
  readonly facts: RecordFacts;
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
}

/** `App.request`: the order of events is that of wire/1 §5.1. */
export async function performRequest(
  client: VaultClient,
  method: string,
  url: string,
  given: EitherSpelling<RequestOptions> | undefined,
): Promise<Response> {
  requireOpen(client);
  return trackPending(client, runCall(client, method, url, given));
}

async function runCall(
  client: VaultClient,
  methodGiven: string,
  urlGiven: string,
  given: EitherSpelling<RequestOptions> | undefined,
): Promise<Response> {
  const method = readMethod(methodGiven);
  const options = readRequestOptions(method, given, client.settings.timeoutMs);
  const url = buildTargetUrl(urlGiven, options.pathParams);
  const prepared = prepareRequest(method, url, options);
  const encodedContext = encodeCallContext(options.context);
  const caller = options.caller === undefined ? undefined : checkCaller(options.caller);
  const userToken = await resolveUserToken(options.userToken, client.settings.userTokenGetter);
  const answer = await callEndpoint(client, retrieveTokenEndpoint, {
    caller,
    context: encodedContext,
    signal: options.signal,
    timeoutMs: options.timeoutMs,
    subject: { grantId: options.grantId, providerId: options.provider },
    body: {
      grant_id: options.grantId,
      provider_id: options.provider,
      reason: options.reason ?? null,
      request: { method, url: url.href },
      user_token: userToken,
      account: options.account,
      label: options.label,
    },
  });
  const credential = readCredential(answer, url);
  const request = addHeaders(prepared, credential, options.extraHeaders);
  const { json, reason, context, timeoutMs, signal } = options;
  const facts = { json, reason, context, encodedContext };
  const call = { request, credential, facts, timeoutMs, signal };
  return options.retry === true ? attemptRepeatedly(client, call) : attemptOnce(client, call);
}

async function attemptRepeatedly(client: VaultClient, call: PreparedCall): Promise<Response> {
  const { runtime } = client;
  const endsAtMs = runtime.monotonicMs() + call.timeoutMs;
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await attemptOnce(client, { ...call, timeoutMs: endsAtMs - runtime.monotonicMs() });
    } catch (error) {
      if (!(error instanceof AlterSDKError) || !error.retryable || attempt >= attemptsMax) throw error;
      const askedSeconds = error instanceof ProviderAPIError ? error.retryAfterSeconds : undefined;
      const delayMs = askedSeconds === undefined ? retryDelayMs * 2 ** (attempt - 1) : askedSeconds * 1000;
      if (runtime.monotonicMs() + delayMs >= endsAtMs) throw error;
      await runtime.sleep(delayMs, call.signal);
    }
  }
}

/** One provider call with its record, which is posted in the background and waited for by `close()`. */
async function attemptOnce(client: VaultClient, call: PreparedCall): Promise<Response> {
  const { request, credential } = call;
  const startedAtMs = client.runtime.monotonicMs();
  const measureMs = () => client.runtime.monotonicMs() - startedAtMs;
  let reply: { response: Response; latencyMs: number; errorBody: string | undefined };
  try {
    const limits = { ...call, nowMs: () => client.runtime.nowMs() };
    reply = await callProvider(request, credential, limits, async (response) => {
      const latencyMs = measureMs();
      const isError = response.status >= 400;
      const errorBody = isError ? await readTextUpTo(response, errorBodyBytesMax) : undefined;
      return { response, latencyMs, errorBody };
    });
  } catch (error) {
    const body = describeTransportError(error, measureMs());
    record(client, call, { status: 0, headers: undefined, body, latencyMs: measureMs() });
    throw error;
  }
  const { response, latencyMs, errorBody } = reply;
  const { status, headers } = response;
  if (errorBody === undefined) {
    // Cloned here and now, before the caller can have read the body.
    const copy = copyBody(response);
    trackPending(
      client,
      copy.then((body) =>
        recordCall(client, request, credential, { status, headers, body, latencyMs }, call.facts),
      ),
    );
    return response;
  }
  record(client, call, { status, headers, body: describeText(errorBody), latencyMs });
  const error = buildProviderError(request, credential, status, headers, errorBody);
  if (error instanceof ScopeReauthRequiredError && error.details.source === 'provider_insufficient_scope') {
    trackPending(client, reportScopeMismatch(client, credential.grantId, error));
  }
  throw error;
}

function record(client: VaultClient, call: PreparedCall, outcome: CallOutcome): void {
  trackPending(client, recordCall(client, call.request, call.credential, outcome, call.facts));
}

function describeTransportError(error: unknown, elapsedMs: number): string {
  if (error instanceof TimeoutError) return `<transport error: timeout after ${Math.round(elapsedMs)}ms>`;
  return error instanceof AlterSDKError ? '<transport error: network>' : '<transport error: aborted>';
}
