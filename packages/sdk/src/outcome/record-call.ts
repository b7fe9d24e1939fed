import { setImmediate as nextTurn } from 'node:timers/promises';
import { sdkEndpoints } from '@alter-ai/core-contract';
import type { Credential } from '../calls/credential.js';
import { type ProviderRequest, redactSecrets } from '../calls/provider-call.js';
import { AlterSDKError } from '../errors/alter-sdk-error.js';
import { callEndpoint } from '../vault/call-endpoint.js';
import type { VaultClient } from '../vault/vault-client.js';

const unrecordedHeaders: ReadonlySet<string> = new Set([
  'authorization',
  'cookie',
  'set-cookie',
  'x-api-key',
  'x-auth-token',
  'x-amz-date',
  'x-amz-content-sha256',
  'x-amz-security-token',
]);
const bodyBytesMax = 10_000;
const jsonBytesMax = 100_000;

/** What became of one provider call. */
export interface CallOutcome {
  /** 0 where there was no answer. */
  readonly status: number;
  readonly headers: Headers | undefined;
  /** The answer's text, or what stands in its place. */
  readonly body: string;
  readonly latencyMs: number;
}

/** What the record says beyond request and outcome. */
export interface RecordFacts {
  readonly json: unknown;
  readonly reason: string | undefined;
  readonly context: Readonly<Record<string, string>> | undefined;
  readonly encodedContext: string | undefined;
}

/**
 * Posts the outcome of a provider call (wire/1 §6.1). Never throws: the call itself is on record since its credential
 * was released, so a failure here is a warning.
 */
export async function recordCall(
  client: VaultClient,
  request: ProviderRequest,
  credential: Credential,
  outcome: CallOutcome,
  facts: RecordFacts,
): Promise<void> {
  // The caller goes first: what it does with the answer must not wait for the record to be written.
  await nextTurn();
  const clean = (text: string) => redactSecrets(text, credential.secrets);
  try {
    await callEndpoint(client, sdkEndpoints.recordApiCall, {
      context: facts.encodedContext,
      body: {
        grant_id: credential.grantId,
        provider_id: credential.providerId,
        token_generation: credential.tokenGeneration,
        method: request.method,
        url: request.url.href,
        request_headers: pickHeaders(Object.entries(request.headers), clean),
        request_body: describeRequestBody(request.content, facts.json),
        response_status: outcome.status,
        response_headers: outcome.headers === undefined ? null : pickHeaders(outcome.headers, clean),
        response_body: clean(outcome.body),
        latency_ms: Math.round(outcome.latencyMs),
        reason: facts.reason ?? null,
        context: facts.context === undefined ? null : { ...facts.context },
      },
    });
  } catch (error) {
    const code = error instanceof AlterSDKError ? error.code : 'unexpected';
    client.settings.logger.warn(`alter-sdk: the outcome of a call could not be recorded (${code})`);
  }
}

function pickHeaders(
  entries: Iterable<readonly [string, string]>,
  clean: (text: string) => string,
): Record<string, string> {
  const picked: Record<string, string> = {};
  for (const [name, value] of entries) if (!unrecordedHeaders.has(name)) picked[name] = clean(value);
  return picked;
}

function describeRequestBody(content: Uint8Array | undefined, json: unknown): unknown {
  if (content === undefined) return null;
  // The vault refuses very large requests, and a record without the body is worth more than none.
  return json !== undefined && content.byteLength <= jsonBytesMax ? json : describeBytes(content);
}

/** Bytes as the record shows them: text, or what they are. */
export function describeBytes(bytes: Uint8Array): string {
  if (bytes.byteLength > bodyBytesMax) return `<body too large: ${bytes.byteLength} bytes>`;
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return `<binary body: ${bytes.byteLength} bytes>`;
  }
}

/** Text as the record shows it. */
export function describeText(text: string): string {
  return Buffer.byteLength(text) > bodyBytesMax
    ? `<response too large: more than ${bodyBytesMax} bytes>`
    : text;
}
