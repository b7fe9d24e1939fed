import { documentationPath, type ErrorCode, errorTable } from '@alter-ai/core-contract';
import type { AlterSDKError } from '../errors/alter-sdk-error.js';
import type { HeaderReader } from '../transport/vault-exchange.js';
import { readRetryAfterSeconds } from '../vault/answer-headers.js';
import { type CallSubject, type ErrorAnswer, findErrorMaker } from './error-table.js';

/** Builds the error for an answer of the vault with an error status; the class comes from the one table. */
export function buildVaultError(
  baseUrl: string,
  status: number,
  headers: HeaderReader,
  text: string,
  subject: CallSubject,
): AlterSDKError {
  const body = readErrorBody(text);
  const code =
    body !== undefined && typeof body.error === 'string' && body.error !== '' ? body.error : undefined;
  const known = code !== undefined && Object.hasOwn(errorTable, code) ? (code as ErrorCode) : undefined;
  const retryAfterSeconds = readRetryAfterSeconds(headers) ?? readSeconds(body?.retry_after);
  const message =
    readText(body?.message) ??
    (known === undefined ? `the vault answered with HTTP ${status}` : errorTable[known].message);
  const answer: ErrorAnswer = {
    message,
    body: body ?? {},
    subject,
    retryAfterSeconds,
    facts: {
      code,
      statusCode: status,
      retryable:
        typeof body?.retryable === 'boolean'
          ? body.retryable
          : known !== undefined && errorTable[known].retryable,
      documentationUrl:
        readText(body?.documentation_url) ??
        (known === undefined ? undefined : `${baseUrl}${documentationPath(known)}`),
      requestId: readText(body?.request_id) ?? headers.get('x-request-id') ?? undefined,
      details: {
        ...body,
        status_code: status,
        ...(retryAfterSeconds !== undefined && { retry_after_seconds: retryAfterSeconds }),
      },
    },
  };
  return findErrorMaker(status, code)(answer);
}

/** A non-empty string, or undefined. */
export function readText(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function readSeconds(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 ? value : undefined;
}

function readErrorBody(text: string): Record<string, unknown> | undefined {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!isRecord(parsed)) return undefined;
  return isRecord(parsed.detail) ? parsed.detail : parsed;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
