import { documentationPath, type ErrorCode, errorTable } from '@alter-ai/core-contract';

/** What an error says beyond its code. */
export interface ApiErrorOptions {
  /** In place of the code's default message; never with a secret in it. */
  readonly message?: string;
  /** Further fields at the top level of the body. */
  readonly fields?: Readonly<Record<string, unknown>>;
  /** Further headers of the answer. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Sets `Retry-After` and the body's `retry_after`; whole seconds. */
  readonly retryAfterSeconds?: number;
  readonly cause?: unknown;
}

/** An error of the HTTP interface: everything that is thrown becomes the one envelope (wire/1 section 7.1). */
export class ApiError extends Error {
  readonly code: ErrorCode;
  readonly status: number;
  readonly fields: Readonly<Record<string, unknown>>;
  readonly headers: Readonly<Record<string, string>>;

  constructor(code: ErrorCode, options: ApiErrorOptions = {}) {
    super(options.message ?? errorTable[code].message, { cause: options.cause });
    this.name = 'ApiError';
    this.code = code;
    this.status = errorTable[code].status;
    const seconds = options.retryAfterSeconds ?? defaultRetryAfterSeconds(code);
    this.fields =
      options.retryAfterSeconds === undefined
        ? (options.fields ?? {})
        : { retry_after: options.retryAfterSeconds, ...options.fields };
    this.headers =
      seconds === undefined
        ? (options.headers ?? {})
        : { 'Retry-After': String(seconds), ...options.headers };
  }
}

/** Says when to come back where the one who refuses does not know better. */
function defaultRetryAfterSeconds(code: ErrorCode): number | undefined {
  const { status, retryable } = errorTable[code];
  return retryable && (status === 409 || status === 429 || status === 503) ? 1 : undefined;
}

/** The envelope's body. `publicUrl` is the vault's own address without a trailing slash. */
export function buildErrorBody(
  error: ApiError,
  publicUrl: string,
  requestId: string,
): Record<string, unknown> {
  const { retryable, userAction } = errorTable[error.code];
  return {
    error: error.code,
    message: error.message,
    retryable,
    user_action: userAction,
    documentation_url: `${publicUrl}${documentationPath(error.code)}`,
    request_id: requestId,
    ...error.fields,
  };
}
