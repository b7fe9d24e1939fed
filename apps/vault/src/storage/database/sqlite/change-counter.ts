import type { Database } from 'better-sqlite3';

/**
 * Says whether anything may have been committed to the database since a row was read: as long as the number is the same, nothing
 * was. On SQLite one server has the file to itself (F6), so it can count its own commits; on PostgreSQL nobody could.
 */
export interface ChangeCounter {
  /** Counts a statement that may have changed rows: to be called in the same step in which it ran, also when it failed. */
  add(): void;
  /** The number now. */
  read(): number;
}

/**
 * Makes the counter of one connection. Of the file's other writers there is none but a person with SQLite's own tools; SQLite tells of
 * them (`data_version`), which is asked once in each turn of the event loop, before the first row of that turn is used.
 */
export function createChangeCounter(database: Database): ChangeCounter {
  const dataVersion = database.prepare<[], number>('pragma data_version').pluck();
  let foreign = dataVersion.get();
  let changes = 0;
  let isForeignKnown = false;
  const forget = () => {
    isForeignKnown = false;
  };
  return {
    add: () => {
      changes += 1;
    },
    read: () => {
      if (!isForeignKnown) {
        const now = dataVersion.get();
        if (now !== foreign) changes += 1;
        foreign = now;
        isForeignKnown = true;
        setImmediate(forget);
      }
      return changes;
    },
  };
}
