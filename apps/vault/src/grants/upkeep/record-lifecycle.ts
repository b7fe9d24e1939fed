import { isOnRecord } from '../../audit/is-on-record.js';
import type { VaultDeps } from '../../deps.js';
import type { CredentialRow } from '../../storage/live/credentials.js';
import { listCredentialGrants, listUnrecorded, storeRecorded } from '../../storage/live/due/unrecorded.js';
import type { GrantRow } from '../../storage/live/grants/grants.js';

type Deps = Pick<VaultDeps, 'storage' | 'audit' | 'clock'>;

const pageSize = 200;
/** Whoever did it records it right after, unless killed in between; longer than clocks differ. */
const graceMs = 120_000;
/** A clock that was put back a little between the commit and its record makes no second one. */
const clockToleranceMs = 1_000;

/**
 * Puts on record what its own process committed and then did not live to record (A4, F1): grants made and reauthorized by a
 * connection, credentials that died. Only what is known afterwards is in such a record, and when it happened.
 */
export async function recordLifecycle(deps: Deps, signal: AbortSignal): Promise<void> {
  const page = { untilMs: deps.clock() - graceMs, limit: pageSize };
  for (let isMore = true; isMore && !signal.aborted; ) {
    const grants = await listUnrecorded(deps.storage, 'grants', page);
    for (const grant of grants) {
      if (signal.aborted) return;
      await recordGrant(deps, grant);
      await storeRecorded(deps.storage, 'grants', grant);
    }
    const deaths = await listUnrecorded(deps.storage, 'credentials', page);
    for (const credential of deaths) {
      if (signal.aborted) return;
      await recordDeath(deps, credential);
      await storeRecorded(deps.storage, 'credentials', credential);
    }
    isMore = grants.length === pageSize || deaths.length === pageSize;
  }
}

async function recordGrant({ storage, audit }: Deps, grant: GrantRow): Promise<void> {
  const atMs = grant.unrecorded_since ?? 0;
  const of = { appId: grant.app_id, grantId: grant.id, fromMs: atMs - clockToleranceMs };
  const kind = grant.created_at === atMs ? 'grant.created' : 'grant.reauthorized';
  if (await isOnRecord(storage, { ...of, kind })) return;
  await audit.append({
    ...describeGrant(grant),
    kind,
    outcome: 'ok',
    details: { at: new Date(atMs).toISOString(), scopes: JSON.parse(grant.scopes_json) as string[] },
  });
}

async function recordDeath({ storage, audit }: Deps, credential: CredentialRow): Promise<void> {
  // Alive again: a death that is told of now would be taken for a new one.
  if (credential.status !== 'needs_reauth') return;
  const atMs = credential.unrecorded_since ?? 0;
  const grants = await listCredentialGrants(storage, credential);
  for (const grant of grants) {
    const of = { appId: grant.app_id, grantId: grant.id, fromMs: atMs - clockToleranceMs };
    if (await isOnRecord(storage, { ...of, kind: 'credential.died' })) return;
  }
  const grant = grants.find((one) => one.status === 'active') ?? grants[0];
  if (!grant) return;
  const evidence = JSON.parse(credential.death_evidence_json ?? '{}') as Record<string, string | number>;
  await audit.append({
    ...describeGrant(grant),
    kind: 'credential.died',
    outcome: 'needs_reauth',
    errorCode: credential.death_cause,
    details: { ...evidence, generation: credential.generation, at: new Date(atMs).toISOString() },
  });
}

function describeGrant(grant: GrantRow) {
  return {
    appId: grant.app_id,
    grantId: grant.id,
    providerId: grant.provider_id,
    userId: grant.principal_type === 'user' ? grant.principal_id : undefined,
  };
}
