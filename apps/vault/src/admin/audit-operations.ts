import { z } from 'zod';
import { exportSnapshot } from '../audit/export/export-snapshot.js';
import { type AuditFilter, createAuditFollower, queryAudit } from '../audit/query-audit.js';
import type { VaultDeps } from '../deps.js';
import { listAppRows } from '../storage/settings/app-rows.js';
import { defineLines, defineOperation, OperationError } from './operation.js';

const filterShape = {
  app: z.string().max(63).optional(),
  grantId: z.string().max(64).optional(),
  providerId: z.string().max(64).optional(),
  userId: z.string().max(64).optional(),
  caller: z.string().max(1024).optional(),
  outcome: z.string().max(64).optional(),
  kind: z.string().max(64).optional(),
  fromMs: z.number().optional(),
  untilMs: z.number().optional(),
};
const filterSchema = z.strictObject(filterShape);
const followEveryMs = 500;

async function readFilter(
  deps: VaultDeps,
  { app, ...filter }: z.output<typeof filterSchema>,
): Promise<AuditFilter> {
  if (app === undefined) return filter;
  const row = (await listAppRows(deps.storage)).find((candidate) => candidate.slug === app);
  if (!row) throw new OperationError('not_found', `There is no app ${app}.`);
  return { ...filter, appId: row.id };
}

/** Reading the audit log, in pages. */
export const auditOperations = {
  'audit.query': defineOperation(
    {
      filter: filterSchema,
      limit: z.int().min(1).max(1000),
      cursor: z.string().max(200).nullable(),
      order: z.enum(['asc', 'desc']),
    },
    async (deps, input) => {
      await deps.audit.flush();
      const page = await queryAudit(deps.storage, { ...input, filter: await readFilter(deps, input.filter) });
      return { lines: [...page.lines], nextCursor: page.nextCursor };
    },
  ),
} as const;

/** Reading the audit log, line by line. */
export const auditLineOperations = {
  'audit.export': defineLines(
    { filter: filterSchema, format: z.enum(['jsonl', 'csv']).default('jsonl') },
    async function* (deps, { filter: given, format }, signal) {
      const filter = await readFilter(deps, given);
      // Before the first line leaves, and so that the export holds it.
      await deps.audit.append({
        kind: 'audit.exported',
        appId: filter.appId ?? null,
        principal: 'operator',
        details: { format, filter: { ...given } },
      });
      yield* exportSnapshot(deps.storage, filter, { nowMs: deps.clock(), signal });
    },
  ),
  'audit.follow': defineLines({ filter: filterSchema }, async function* (deps, input, signal) {
    const filter = await readFilter(deps, input.filter);
    const next = createAuditFollower(deps.storage, { filter, sinceMs: deps.clock(), clock: deps.clock });
    while (!signal.aborted) {
      yield* await next();
      await new Promise((resolve) => setTimeout(resolve, followEveryMs));
    }
  }),
} as const;
