import type { Storage } from '../storage/database/storage.js';
import { searchAuditRecords } from '../storage/log/search/audit-search.js';
import type { AuditEventKind } from './audit-event.js';

/** Whether a grant has a record of this kind since `fromMs`; for work that a killed process left half done. */
export async function isOnRecord(
  storage: Storage,
  event: { kind: AuditEventKind; appId: string; grantId: string; fromMs: number },
): Promise<boolean> {
  const { kind, appId, grantId, fromMs } = event;
  const filter = { kind, appId, grantId, fromMs };
  const found = await searchAuditRecords(storage, { filter, order: 'asc', after: null, limit: 1 });
  return found.length > 0;
}
