import type { IncomingMessage, ServerResponse } from 'node:http';
import { streamContentType } from '@alter-ai/core-contract';
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response';
import { AuditUnavailableError } from '../audit/audit-log.js';
import type { VaultDeps } from '../deps.js';
import { isStorageUnavailable } from '../storage/database/database-error.js';
import { ApiError, buildErrorBody } from './api-error.js';
import type { HonoContext } from './request-context.js';

/** What an answer needs of its request. */
export interface AnswerContext {
  readonly requestId: string;
  /** Headers that the endpoint has set. */
  readonly headers: Readonly<Record<string, string>> | undefined;
}

/** An answer that is not on its way yet. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | null;
  /** Writes the body itself, after status and headers; never rejects. */
  readonly write?: (outgoing: ServerResponse) => Promise<void>;
}

/** What a streamed endpoint's handler answers: the body writes itself. */
export class StreamedAnswer {
  readonly write: (outgoing: ServerResponse) => Promise<void>;

  /** @param write ends the response, or destroys it where the rest cannot be had; never rejects */
  constructor(write: (outgoing: ServerResponse) => Promise<void>) {
    this.write = write;
  }
}

/** Answers JSON, or nothing at all for 204. */
export function buildJsonAnswer(context: AnswerContext, status: 200 | 201 | 204, body: unknown): Answer {
  return buildAnswer(context, status, status === 204 ? null : JSON.stringify(body), context.headers);
}

/** Answers with a body that is written while it comes. */
export function buildStreamedAnswer(context: AnswerContext, { write }: StreamedAnswer): Answer {
  const headers = { ...context.headers, 'Content-Type': streamContentType };
  return { ...buildAnswer(context, 200, null, headers), write };
}

/** Answers an error in the one envelope, whatever was thrown. */
export function buildErrorAnswer(deps: VaultDeps, context: AnswerContext, thrown: unknown): Answer {
  const error = toApiError(thrown);
  if (error.code === 'internal_error') logDefect(deps, context.requestId, thrown);
  else if (error.status >= 500) {
    deps.log.warn(
      { requestId: context.requestId, code: error.code, cause: nameCause(thrown) },
      'request failed',
    );
  }
  const body = JSON.stringify(buildErrorBody(error, deps.config.publicUrl, context.requestId));
  return buildAnswer(context, error.status, body, { ...context.headers, ...error.headers });
}

/** The answer as Hono sends it, with the cookies that were set on its context. */
export function toHonoResponse(raw: HonoContext, answer: Answer): Response {
  const { outgoing } = raw.env;
  if (answer.write && outgoing && 'writeHead' in outgoing) {
    sendStreamed(outgoing as ServerResponse, answer);
    return RESPONSE_ALREADY_SENT;
  }
  return raw.newResponse(answer.body, { status: answer.status as 200, headers: { ...answer.headers } });
}

/** How long the rest of a body is taken in that nobody wants, so that its sender gets to see the answer. */
const leftoverTimeMaxMs = 1_000;

/** Ends a request whose answer is sent although its body is not. */
export function letGo(incoming: IncomingMessage): void {
  if (incoming.complete) return;
  const timer = setTimeout(() => incoming.destroy(), leftoverTimeMaxMs);
  incoming.once('close', () => clearTimeout(timer));
  incoming.resume();
}

/** Sends an answer that writes its body itself. */
export function sendStreamed(outgoing: ServerResponse, answer: Answer): void {
  const incoming = outgoing.req;
  outgoing.once('finish', () => letGo(incoming));
  outgoing.writeHead(answer.status, { ...answer.headers });
  void answer.write?.(outgoing);
}

/** The error of the interface that stands for anything thrown; details of the inside never leave. */
export function toApiError(thrown: unknown): ApiError {
  if (thrown instanceof ApiError) return thrown;
  if (thrown instanceof AuditUnavailableError) return new ApiError('audit_unavailable', { cause: thrown });
  if (isStorageUnavailable(thrown)) return new ApiError('service_unavailable', { cause: thrown });
  return new ApiError('internal_error', { cause: thrown });
}

function buildAnswer(
  context: AnswerContext,
  status: number,
  body: string | null,
  headers: Readonly<Record<string, string>> | undefined,
): Answer {
  // Written out: a literal that begins with a spread is made field by field, outside of compiled code.
  const general = {
    'Content-Type': 'application/json; charset=utf-8',
    // Never stored, never read as anything else, never framed.
    'Cache-Control': 'no-store',
    'X-Content-Type-Options': 'nosniff',
    'Referrer-Policy': 'no-referrer',
    'Content-Security-Policy': "default-src 'none'; frame-ancestors 'none'",
    'X-Request-ID': context.requestId,
  };
  return { status, headers: headers === undefined ? general : { ...general, ...headers }, body };
}

/** Class names and codes only: messages of libraries may quote what they were given (K7). */
function nameCause(thrown: unknown): string {
  const cause = thrown instanceof ApiError ? thrown.cause : thrown;
  if (!(cause instanceof Error)) return typeof cause;
  return 'code' in cause && typeof cause.code === 'string' ? `${cause.name} ${cause.code}` : cause.name;
}

function logDefect(deps: VaultDeps, requestId: string, thrown: unknown): void {
  const cause = thrown instanceof ApiError ? thrown.cause : thrown;
  const frames =
    cause instanceof Error
      ? (cause.stack ?? '')
          .split('\n')
          .filter((line) => /^ {4}at /.test(line))
          .slice(0, 12)
      : [];
  deps.log.error(
    { requestId, cause: nameCause(thrown), at: frames.map((line) => line.trim()) },
    'request failed',
  );
}
