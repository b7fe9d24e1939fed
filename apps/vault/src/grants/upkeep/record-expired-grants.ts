import { isOnRecord } from '../../audit/is-on-record.js';
import type { VaultDeps } from '../../deps.js';
import { listExpiredGrants, storeExpiryRecordState } from '../../storage/live/due/expired-grants.js';
import type { GrantRow } from '../../storage/live/grants/grants.js';

const pageSize = 200;

/** Puts on record, once, that a grant's own lifetime has ended (A4). The refusals themselves need no job. */
export async function recordExpiredGrants(
  deps: Pick<VaultDeps, 'storage' | 'audit' | 'clock'>,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    const page = await listExpiredGrants(deps.storage, deps.clock(), pageSize);
    if (page.length === 0) return;
    const untouched = page.filter((grant) => grant.expiry_record_state === 0);
    await storeExpiryRecordState(deps.storage, untouched, 1);
    await Promise.all(page.map((grant) => recordExpiry(deps, grant)));
    await storeExpiryRecordState(deps.storage, page, 2);
  }
}

async function recordExpiry(deps: Pick<VaultDeps, 'storage' | 'audit'>, grant: GrantRow): Promise<void> {
  const expiresAtMs = grant.expires_at ?? 0;
  const event = {
    kind: 'grant.expired',
    appId: grant.app_id,
    grantId: grant.id,
    providerId: grant.provider_id,
    userId: grant.principal_type === 'user' ? grant.principal_id : undefined,
    outcome: 'expired',
    details: { expired_at: new Date(expiresAtMs).toISOString() },
  } as const;
  // Begun by a process that was killed: its record may be there.
  if (grant.expiry_record_state === 1 && (await isOnRecord(deps.storage, { ...event, fromMs: expiresAtMs })))
    return;
  await deps.audit.append(event);
}
