import type { Compilable, Kysely } from 'kysely';
import type { Tables } from '../tables.js';
import { prepareRead } from './sqlite/prepared-read.js';
import type { Storage } from './storage.js';

/** Stands for a value in a query that is compiled once. */
class Placeholder {
  readonly index: number;

  constructor(index: number) {
    this.index = index;
  }
}

/**
 * Compiles a reading query once, and gives a function that runs it with values: kysely compiles anew at each call, which costs the
 * hot path more than the query itself. `build` names the values by position with `parameter<T>(index)`.
 * Reads what is committed: not for use inside a transaction.
 */
export function prepareQuery<Values extends readonly unknown[], Row>(
  storage: Storage,
  build: (db: Kysely<Tables>, parameter: <T>(index: number) => T) => Compilable<Row>,
): (...values: Values) => Promise<Row[]> {
  const compiled = build(storage.db, <T>(index: number) => new Placeholder(index) as T).compile();
  const fill = (values: readonly unknown[]): unknown[] =>
    compiled.parameters.map((value) => (value instanceof Placeholder ? values[value.index] : value));

  if (storage.native.kind === 'postgres') {
    const { pool } = storage.native;
    return async (...values) => (await pool.query<Row & object>(compiled.sql, fill(values))).rows;
  }
  const statement = prepareRead<unknown[], Row>(storage.native, compiled.sql);
  return async (...values) => statement.all(...fill(values));
}
