/** The driver's code of a database error (`23505`, `SQLITE_BUSY`, `ECONNREFUSED`), or null for anything else. */
export function readErrorCode(error: unknown): string | null {
  if (typeof error !== 'object' || error === null || !('code' in error)) return null;
  return typeof error.code === 'string' ? error.code : null;
}

/** Whether an insert was refused because the key is there already. */
export function isUniqueViolation(error: unknown): boolean {
  const code = readErrorCode(error);
  return code === '23505' || code === 'SQLITE_CONSTRAINT_UNIQUE' || code === 'SQLITE_CONSTRAINT_PRIMARYKEY';
}

/** What the pool's wrapper throws when a statement got no answer in time. */
export class StatementTimeoutError extends Error {
  readonly code = 'statement_timeout';

  constructor() {
    super('The database did not answer in time.');
    this.name = 'StatementTimeoutError';
  }
}

const unavailableCodes =
  /^(ECONN|ENOTFOUND|EPIPE|ETIMEDOUT|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|ENOSPC|08|53|57P|58|XX001|40001|40P01|25006|55P03|57014|statement_timeout|key_service_unavailable|root_key_unknown|SQLITE_(FULL|IOERR|BUSY|LOCKED|CANTOPEN|READONLY|CORRUPT|NOTADB))/;
const unavailableMessages =
  /timeout exceeded when trying to connect|Query read timeout|Connection terminated|Client has encountered a connection error|database connection is not open|driver has already been destroyed/i;

/**
 * Whether an error means that the database, or what keeps its keys, cannot serve now (gone, full, exhausted, too slow): HTTP 503 with Retry-After, since
 * nothing was done (F2). Anything else is a defect of the program.
 */
export function isStorageUnavailable(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const code = readErrorCode(error);
  if (code !== null && unavailableCodes.test(code)) return true;
  return unavailableMessages.test(error.message);
}
