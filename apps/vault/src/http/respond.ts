import { AuditUnavailableError } from '../audit/audit-log.js';
import type { VaultDeps } from '../deps.js';
import { isStorageUnavailable } from '../storage/database/database-error.js';
import { ApiError, buildErrorBody } from './api-error.js';
import type { HonoContext } from './request-context.js';

/** Headers of every JSON answer: never stored, never read as anything else, never framed. */
const jsonHeaders = {
  'Content-Type': 'application/json; charset=utf-8',
  'Cache-Control': 'no-store',
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
  'Content-Security-Policy': "default-src 'none'; frame-ancestors 'none'",
} as const;

/** What the answer needs of its request. */
export interface ResponseContext {
  readonly requestId: string;
  readonly raw: HonoContext;
  readonly headers: Readonly<Record<string, string>> | undefined;
  /** True where the route sets cookies through Hono's context, whose headers then count too. */
  readonly isBrowser: boolean;
}

/** Answers JSON, or nothing at all for 204. */
export function respondJson(context: ResponseContext, status: 200 | 201 | 204, body: unknown): Response {
  return send(context, status, status === 204 ? null : JSON.stringify(body), context.headers);
}

/** Answers an error in the one envelope, whatever was thrown. */
export function respondError(deps: VaultDeps, context: ResponseContext, thrown: unknown): Response {
  const error = toApiError(thrown);
  if (error.code === 'internal_error') logDefect(deps, context.requestId, thrown);
  else if (error.status >= 500) {
    deps.log.warn(
      { requestId: context.requestId, code: error.code, cause: nameCause(thrown) },
      'request failed',
    );
  }
  const body = JSON.stringify(buildErrorBody(error, deps.config.publicUrl, context.requestId));
  return send(context, error.status, body, { ...context.headers, ...error.headers });
}

/** The error of the interface that stands for anything thrown; details of the inside never leave. */
export function toApiError(thrown: unknown): ApiError {
  if (thrown instanceof ApiError) return thrown;
  if (thrown instanceof AuditUnavailableError) return new ApiError('audit_unavailable', { cause: thrown });
  if (isStorageUnavailable(thrown)) return new ApiError('service_unavailable', { cause: thrown });
  return new ApiError('internal_error', { cause: thrown });
}

function send(
  context: ResponseContext,
  status: number,
  body: string | null,
  headers: Readonly<Record<string, string>> | undefined,
): Response {
  const all: Record<string, string> = { ...jsonHeaders, 'X-Request-ID': context.requestId, ...headers };
  if (!context.isBrowser) return new Response(body, { status, headers: all });
  return context.raw.newResponse(body, { status: status as 200, headers: all });
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
