interface Waiting<Key, Row> {
  readonly key: Key;
  readonly resolve: (row: Row | undefined) => void;
  readonly reject: (error: unknown) => void;
}

/** Keys in one statement: bounds its size, not its use. */
const keysMax = 500;

/**
 * Turns reads by key that are asked for in one turn of the event loop into one statement: on PostgreSQL the round trip costs several
 * times more than the row. Each read is still made after it was asked for, so it sees what was committed by then (F7).
 * `load` answers the rows in the order of its keys, undefined where there is none.
 */
export function createBatchedRead<Key, Row>(
  load: (keys: readonly Key[]) => Promise<readonly (Row | undefined)[]>,
): (key: Key) => Promise<Row | undefined> {
  let waiting: Waiting<Key, Row>[] = [];

  async function loadBatch(batch: readonly Waiting<Key, Row>[]): Promise<void> {
    try {
      const rows = await load(batch.map(({ key }) => key));
      for (const [index, { resolve }] of batch.entries()) resolve(rows[index]);
    } catch (error) {
      for (const { reject } of batch) reject(error);
    }
  }

  function loadAll(): void {
    const all = waiting;
    waiting = [];
    for (let start = 0; start < all.length; start += keysMax) {
      void loadBatch(all.slice(start, start + keysMax));
    }
  }

  return (key) =>
    new Promise((resolve, reject) => {
      waiting.push({ key, resolve, reject });
      if (waiting.length === 1) setImmediate(loadAll);
    });
}
