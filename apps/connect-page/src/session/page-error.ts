/** Why a request of the page failed: the vault's error code, or `network` or `timeout`. */
export class PageError extends Error {
  override readonly name = 'PageError';
  readonly code: string;
  /** The vault's id of the failed request, for its log. */
  readonly reference: string | undefined;
  /** Path of the refused field, e.g. `parameters.subdomain`. */
  readonly field: string | undefined;

  constructor(code: string, message: string, reference?: string, field?: string) {
    super(message);
    this.code = code;
    this.reference = reference;
    this.field = field;
  }
}

/** The code of anything thrown. */
export function readErrorCode(error: unknown): string {
  return error instanceof PageError ? error.code : 'unknown';
}
