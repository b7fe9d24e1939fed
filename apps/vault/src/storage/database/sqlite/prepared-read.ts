import type { Statement } from 'better-sqlite3';
import type { NativeHandle } from '../native-handle.js';

/** A reading statement, prepared once; it sees what is committed. */
export interface PreparedRead<Values extends unknown[], Row> {
  get(...values: Values): Row | undefined;
  all(...values: Values): Row[];
}

/**
 * Prepares a read on both connections. The one that writes keeps its page cache over its own commits, while the one that only
 * reads drops everything at each commit of the other; but while a transaction is open, only the latter sees what is committed.
 */
export function prepareRead<Values extends unknown[], Row>(
  native: NativeHandle & { kind: 'sqlite' },
  sql: string,
): PreparedRead<Values, Row> {
  const { database, reader, isHeld } = native;
  const warm = database.prepare<Values, Row>(sql);
  const outside = reader.prepare<Values, Row>(sql);
  const choose = (): Statement<Values, Row> => (isHeld() ? outside : warm);
  return {
    get: (...values) => choose().get(...values),
    all: (...values) => choose().all(...values),
  };
}
