import type { Storage } from '../storage/database/storage.js';
import { type AuditFilter, type AuditPlace, searchAuditRecords } from '../storage/log/search/audit-search.js';

export type { AuditFilter } from '../storage/log/search/audit-search.js';

/** One page of records as canonical JSON text, and where the next page begins (null after the last). */
export interface AuditPage {
  /** Each with its chain hash appended as the last member, `"hash"`: one line of a JSON Lines export. */
  readonly lines: readonly string[];
  readonly nextCursor: string | null;
}

/** A cursor that no page gave. */
export class CursorError extends Error {
  readonly code = 'cursor_invalid';

  constructor() {
    super('The cursor is not one that this list gave.');
    this.name = 'CursorError';
  }
}

const pageSize = 500;
// Records of several processes become visible a little out of order; who follows the log looks back this far.
const lookBackMs = 10_000;

/** One page of records that match, newest first unless told, `limit` 1 to 1,000. Throws CursorError. */
export async function queryAudit(
  storage: Storage,
  query: { filter?: AuditFilter; order?: 'asc' | 'desc'; cursor?: string | null; limit?: number } = {},
): Promise<AuditPage> {
  const limit = Math.min(Math.max(1, query.limit ?? 100), 1_000);
  const found = await searchAuditRecords(storage, {
    filter: query.filter ?? {},
    order: query.order ?? 'desc',
    after: readCursor(query.cursor ?? null),
    limit,
  });
  const last = found.at(-1);
  return {
    lines: found.map(writeLine),
    nextCursor: last === undefined || found.length < limit ? null : `${last.month}.${last.id}`,
  };
}

/** Every record that matches, oldest first, as lines of JSON (without line breaks); what is appended meanwhile comes too. */
export async function* exportAudit(
  storage: Storage,
  filter: AuditFilter = {},
): AsyncGenerator<string, void, undefined> {
  let cursor: string | null = null;
  do {
    const page: AuditPage = await queryAudit(storage, { filter, order: 'asc', cursor, limit: pageSize });
    yield* page.lines;
    cursor = page.nextCursor;
  } while (cursor !== null);
}

/** Gives, at each call, the records that match and were not given before, oldest first: for following the log. */
export function createAuditFollower(
  storage: Storage,
  options: { filter?: AuditFilter; sinceMs: number; clock: () => number },
): () => Promise<string[]> {
  let since = options.sinceMs;
  let given = new Set<string>();
  return async () => {
    const nextSince = Math.max(options.sinceMs, options.clock() - lookBackMs);
    const fresh: string[] = [];
    const seen = new Set<string>();
    for await (const line of exportAudit(storage, { ...options.filter, fromMs: since })) {
      const hash = line.slice(-66, -2);
      if (!given.has(hash)) fresh.push(line);
      seen.add(hash);
    }
    since = nextSince;
    given = seen;
    return fresh;
  };
}

function writeLine(found: { record: string; hash: Buffer }): string {
  return `${found.record.slice(0, -1)},"hash":"${Buffer.from(found.hash).toString('hex')}"}`;
}

function readCursor(cursor: string | null): AuditPlace | null {
  if (cursor === null) return null;
  const match = /^(\d{4}_\d{2})\.([0-9a-f-]{36})$/.exec(cursor);
  if (match?.[1] === undefined || match[2] === undefined) throw new CursorError();
  return { month: match[1], id: match[2] };
}
