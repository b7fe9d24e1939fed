import { lookup } from 'node:dns/promises';

/** Gives every address of a host name, as text. */
export type ResolveHost = (hostname: string) => Promise<readonly string[]>;

const cacheEntriesMax = 1000;

/** The system's resolver (hosts file included). */
export async function resolveWithSystem(hostname: string): Promise<readonly string[]> {
  const answers = await lookup(hostname, { all: true, verbatim: true });
  return answers.map((answer) => answer.address);
}

/** Keeps answers for `ttlMs` and lets callers of the same moment share one question. Failures are not kept. */
export function cacheResolver(resolve: ResolveHost, ttlMs: number, nowMs: () => number): ResolveHost {
  const entries = new Map<string, { answer: Promise<readonly string[]>; expiresAtMs: number }>();
  return (hostname) => {
    const known = entries.get(hostname);
    if (known !== undefined && known.expiresAtMs > nowMs()) return known.answer;
    const entry = { answer: resolve(hostname), expiresAtMs: nowMs() + ttlMs };
    entries.delete(hostname);
    entries.set(hostname, entry);
    entry.answer.catch(() => {
      if (entries.get(hostname) === entry) entries.delete(hostname);
    });
    const oldest = entries.keys().next().value;
    if (entries.size > cacheEntriesMax && oldest !== undefined) entries.delete(oldest);
    return entry.answer;
  };
}
