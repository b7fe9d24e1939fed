import type { RefreshTarget } from '../refresh-target.js';
import { type EndpointPauses, nameEndpoint } from './endpoint-pauses.js';

/** Refreshes at one time: it must not crowd out what callers wait for. */
const concurrency = 4;

/**
 * Runs `work` on every item, a few at a time. Of an endpoint that has not answered in this run they go one by one, so that a silent one
 * costs one credential and not one for each place. Once `signal` is aborted nothing new is begun, and what is under way is not
 * waited for: it holds its own lease, and the server drains it apart.
 */
export async function runByEndpoint<T extends { readonly target: RefreshTarget }>(
  items: readonly T[],
  options: { pauses: EndpointPauses; signal: AbortSignal; work: (item: T) => Promise<void> },
): Promise<void> {
  const { pauses, signal, work } = options;
  const inSlot = createSlots(concurrency);
  const run = (item: T): Promise<void> => inSlot(async () => (signal.aborted ? undefined : work(item)));
  const all = Promise.all(
    groupByEndpoint(items).map(async (group) => {
      let next = 0;
      for (; next < group.length; next += 1) {
        const item = group[next];
        if (item === undefined || pauses.isAnswering(item.target)) break;
        await run(item);
      }
      await Promise.all(group.slice(next).map(run));
    }),
  );
  const done = new AbortController();
  const stopped = new Promise<void>((resolve) => {
    signal.addEventListener('abort', () => resolve(), { once: true, signal: done.signal });
  });
  await Promise.race([all, ...(signal.aborted ? [] : [stopped])]);
  done.abort();
}

function groupByEndpoint<T extends { readonly target: RefreshTarget }>(items: readonly T[]): T[][] {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const key = nameEndpoint(item.target);
    const group = groups.get(key);
    if (group) group.push(item);
    else groups.set(key, [item]);
  }
  return [...groups.values()];
}

function createSlots(max: number): (work: () => Promise<void>) => Promise<void> {
  let free = max;
  const waiting: (() => void)[] = [];
  return async (work) => {
    if (free > 0) free -= 1;
    else await new Promise<void>((resolve) => waiting.push(resolve));
    try {
      await work();
    } finally {
      const next = waiting.shift();
      if (next) next();
      else free += 1;
    }
  };
}
