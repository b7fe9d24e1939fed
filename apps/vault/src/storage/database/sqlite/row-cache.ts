import type { ChangeCounter } from './change-counter.js';

/** Rows as they are committed now, without asking the database again as long as nothing was committed. */
export interface RowCache<Row extends object> {
  /** The row under this key; read by `load`, at once, unless nothing has changed since it was read. Absence is not kept. */
  find(key: string, load: () => Row | undefined): Row | undefined;
}

interface Entry<Row> {
  readonly row: Row;
  readonly changes: number;
}

/**
 * Makes a cache of at most `entriesMax` rows, as they are stored (secrets sealed). It is exact: a row is given out only while the
 * count of changes is the one at which it was read, and whatever commits in this process counts in the same step. So what is
 * acknowledged as revoked, changed or refreshed is seen by the next call (F7), as if the row were read anew.
 */
export function createRowCache<Row extends object>(
  changes: ChangeCounter,
  entriesMax = 4_096,
): RowCache<Row> {
  const entries = new Map<string, Entry<Row>>();
  return {
    find: (key, load) => {
      const now = changes.read();
      const entry = entries.get(key);
      if (entry !== undefined && entry.changes === now) return entry.row;
      const row = load();
      if (row === undefined) return undefined;
      if (entry === undefined && entries.size >= entriesMax) {
        const oldest = entries.keys().next().value;
        if (oldest !== undefined) entries.delete(oldest);
      }
      entries.set(key, { row, changes: now });
      return row;
    },
  };
}
