import type { Endpoint } from '@alter-ai/core-contract';
import { buildVaultError } from '../error-mapping/error-answer.js';
import type { CallSubject } from '../error-mapping/error-table.js';
import { AlterValueError } from '../errors/alter-sdk-error.js';
import { BackendError } from '../errors/backend-error.js';
import { exchangeWithVault } from '../transport/vault-exchange.js';
import { learnFromAnswer } from './answer-headers.js';
import { type CallIdentity, signCall } from './sign-call.js';
import type { VaultClient } from './vault-client.js';
import { retryVaultCall } from './vault-retry.js';

/** Body of a call to an endpoint, before defaults. */
type RequestOf<E extends Endpoint> = NonNullable<E['request']>['_zod']['input'];
/** Answer of an endpoint. */
type AnswerOf<E extends Endpoint> = NonNullable<E['response']>['_zod']['output'];

/** What one call adds to its endpoint. */
export interface CallInput<E extends Endpoint> extends CallIdentity {
  readonly body?: RequestOf<E>;
  /** Values for the path's `{name}` placeholders. */
  readonly pathValues?: Readonly<Record<string, string>>;
  /** What errors are about when their body does not say it. */
  readonly subject?: CallSubject;
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds for the whole call with its retries; the client's by default. */
  readonly timeoutMs?: number | undefined;
  /** False for calls that are not worth a second attempt. */
  readonly canRetry?: boolean;
}

/**
 * Calls one endpoint of the contract's table: checks the body, signs, sends, retries (decisions.md "SDK retries"),
 * maps errors, checks the answer's shape. Unknown fields of the answer are ignored.
 * @throws {AlterValueError} the body does not fit the endpoint's schema; nothing was sent.
 * @throws the classes of wire/1 §7.2, `NetworkError`, `TimeoutError`.
 */
export async function callEndpoint<E extends Endpoint>(
  client: VaultClient,
  endpoint: E,
  input: CallInput<E> = {},
): Promise<AnswerOf<E>> {
  const content = encodeBody(endpoint, input.body);
  const target = endpoint.path.replace(/\{([a-z_]+)\}/g, (_, name: string) =>
    encodeURIComponent(input.pathValues?.[name] ?? ''),
  );
  return retryVaultCall(client.runtime, {
    timeoutMs: input.timeoutMs ?? client.settings.timeoutMs,
    signal: input.signal,
    attemptsMax: input.canRetry === false ? 1 : 3,
    attempt: async (timeoutMs) => {
      const headers = signCall(client, endpoint.method, target, content, input);
      const init = { method: endpoint.method, headers, content };
      const url = client.settings.baseUrl + target;
      const limits = { timeoutMs, signal: input.signal };
      const answer = await exchangeWithVault(client.agent, url, init, limits);
      learnFromAnswer(client, answer.headers, input.caller !== undefined);
      if (answer.status >= 400) {
        const { baseUrl } = client.settings;
        throw buildVaultError(baseUrl, answer.status, answer.headers, answer.text, input.subject ?? {});
      }
      return readAnswer(endpoint, answer.status, answer.text);
    },
  });
}

function encodeBody<E extends Endpoint>(endpoint: E, body: RequestOf<E> | undefined): string | undefined {
  if (endpoint.request === null) return undefined;
  const checked = endpoint.request.safeParse(body);
  if (!checked.success) {
    const [issue] = checked.error.issues;
    const place = issue?.path.join('.') || 'the request';
    throw new AlterValueError(`${place}: ${issue?.message ?? 'not valid'}`);
  }
  return JSON.stringify(body);
}

function readAnswer<E extends Endpoint>(endpoint: E, status: number, text: string): AnswerOf<E> {
  // A redirect or another success status means that something else than a vault answered.
  if (status < 200 || status > 299) throw describeMalformed(endpoint, status);
  if (endpoint.response === null) return undefined as AnswerOf<E>;
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    throw describeMalformed(endpoint, status);
  }
  const checked = endpoint.response.safeParse(parsed);
  if (checked.success) return checked.data as AnswerOf<E>;
  // A newer vault may know more values of an enumeration than this version.
  const isOnlyNewValue = checked.error.issues.every((issue) => issue.code === 'invalid_value');
  if (isOnlyNewValue) return parsed as AnswerOf<E>;
  const place = checked.error.issues[0]?.path.join('.') ?? '';
  throw describeMalformed(endpoint, status, place);
}

function describeMalformed(endpoint: Endpoint, status: number, place?: string): BackendError {
  return new BackendError(`the vault's answer to ${endpoint.name} is not of the protocol`, {
    code: 'malformed_answer',
    statusCode: status,
    details: { endpoint: endpoint.name, status_code: status, ...(place && { place }) },
  });
}
