import type { Database, Statement } from 'better-sqlite3';

/** Prepares each SQL text once: preparing costs several times more than running a small statement. */
export interface StatementCache {
  prepare(sql: string): Statement<unknown[], unknown>;
}

/** A cache that keeps the last `statementsMax` statements of one connection. */
export function createStatementCache(database: Database, statementsMax = 400): StatementCache {
  const statements = new Map<string, Statement<unknown[], unknown>>();
  return {
    prepare: (sql) => {
      const known = statements.get(sql);
      // A statement whose rows are being read one by one is busy; a second reader needs its own.
      if (known !== undefined && !known.busy) return known;
      const statement = database.prepare<unknown[], unknown>(sql);
      if (known === undefined) {
        const oldest = statements.size >= statementsMax ? statements.keys().next().value : undefined;
        if (oldest !== undefined) statements.delete(oldest);
        statements.set(sql, statement);
      }
      return statement;
    },
  };
}
