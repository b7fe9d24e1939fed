import { proxyResponseSchema, sdkEndpoints } from '@alter-ai/core-contract';
import { type RequestOptions, readMethod, readRequestOptions } from '../calls/request-options.js';
import { AlterValueError } from '../errors/alter-sdk-error.js';
import { checkCaller } from '../options/client-options.js';
import type { EitherSpelling } from '../options/option-names.js';
import { resolveUserToken } from '../options/user-token.js';
import { encodeCallContext } from '../vault/call-context.js';
import { callEndpoint } from '../vault/call-endpoint.js';
import { requireOpen, trackPending, type VaultClient } from '../vault/vault-client.js';
import { describeCall } from './describe-call.js';
import { ProxyResult } from './proxy-result.js';

const attemptsMax = 3;
const retryDelayMs = 250;
const retryableStatuses: ReadonlySet<number> = new Set([429, 502, 503, 504]);

/** `POST /sdk/proxy`, with the fields optional that other servers leave out. */
const proxyEndpoint = {
  ...sdkEndpoints.proxyCall,
  response: proxyResponseSchema.partial().required({ status_code: true, body_b64: true }),
};

/** `App.proxyRequest`: the options of `request`, and the vault makes the call. */
export function proxyRequest(
  client: VaultClient,
  method: string,
  url: string,
  given: EitherSpelling<RequestOptions> | undefined,
): Promise<ProxyResult> {
  requireOpen(client);
  return trackPending(client, runProxyCall(client, method, url, given));
}

async function runProxyCall(
  client: VaultClient,
  methodGiven: string,
  url: string,
  given: EitherSpelling<RequestOptions> | undefined,
): Promise<ProxyResult> {
  const method = readMethod(methodGiven);
  const options = readRequestOptions(method, given, client.settings.timeoutMs);
  const userToken = await resolveUserToken(options.userToken, client.settings.userTokenGetter);
  const input = {
    caller: options.caller === undefined ? undefined : checkCaller(options.caller),
    context: encodeCallContext(options.context),
    signal: options.signal,
    subject: { grantId: options.grantId, providerId: options.provider },
    body: addBody(describeCall(method, url, options, userToken), options),
  };
  const { runtime } = client;
  const endsAtMs = runtime.monotonicMs() + options.timeoutMs;
  for (let attempt = 1; ; attempt += 1) {
    const timeoutMs = endsAtMs - runtime.monotonicMs();
    const result = new ProxyResult(await callEndpoint(client, proxyEndpoint, { ...input, timeoutMs }));
    const canRepeat = options.retry === true && attempt < attemptsMax;
    if (!canRepeat || !retryableStatuses.has(result.statusCode)) return result;
    const delayMs = readDelayMs(result, attempt);
    if (runtime.monotonicMs() + delayMs >= endsAtMs) return result;
    await runtime.sleep(delayMs, options.signal);
  }
}

function addBody(call: ReturnType<typeof describeCall>, { json, body }: RequestOptions) {
  if (body !== undefined) return { ...call, body_b64: Buffer.from(body).toString('base64') };
  if (json === undefined) return call;
  let text: string | undefined;
  try {
    text = JSON.stringify(json);
  } catch {
    // A cycle or a BigInt, named below.
  }
  if (text === undefined) throw new AlterValueError('json cannot be written as JSON');
  // The protocol takes null for no body.
  if (text !== 'null') return { ...call, body: json };
  const headers = { 'content-type': 'application/json', ...call.headers };
  return { ...call, headers, body_b64: Buffer.from(text).toString('base64') };
}

function readDelayMs({ headers }: ProxyResult, attempt: number): number {
  const asked = headers['retry-after'] ?? '';
  return /^\d{1,4}$/.test(asked) ? Number(asked) * 1000 : retryDelayMs * 2 ** (attempt - 1);
}
