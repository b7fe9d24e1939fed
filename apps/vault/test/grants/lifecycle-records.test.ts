import { afterEach, describe, expect, it } from 'vitest';
import type { VaultDeps } from '../../src/deps.js';
import { listRefreshJobs } from '../../src/jobs/refresh-jobs.js';
import { databases, openRefreshWorld, type RefreshWorld } from '../refresh/refresh-world.js';

let world: RefreshWorld;
afterEach(() => world.close());

const runJob = async () => {
  await world.deps.audit.flush();
  const job = listRefreshJobs(world.deps).find(({ name }) => name === 'grants.record_lifecycle');
  if (!job) throw new Error('no job');
  await job.run(new AbortController().signal);
};

/** A process that commits and does not live to record it. */
function withoutRecords(): VaultDeps {
  const append = () => Promise.reject(new Error('killed'));
  return { ...world.deps, audit: { ...world.deps.audit, append } };
}

const listRecords = async () =>
  (await world.listEvents())
    .filter(({ kind }) => kind === 'credential.died' || kind.startsWith('grant.'))
    .map(({ kind, record }) => ({
      kind,
      ...(JSON.parse(record) as { grant_id: string; details: { at?: string } }),
    }));

const isAllSeen = async () => {
  const { db } = world.deps.storage;
  const rows = [
    ...(await db.selectFrom('grants').select('unrecorded_since').execute()),
    ...(await db.selectFrom('credentials').select('unrecorded_since').execute()),
  ];
  return rows.every((row) => row.unrecorded_since === null);
};

/** A connection that is on record, and that its provider has ended since; the next use of it finds that out. */
async function endAtProvider(kind: (typeof databases)[number]): Promise<string> {
  world = await openRefreshWorld(kind);
  const { grantId } = await world.connect();
  const appId = world.settings.appId;
  await world.deps.audit.append({ kind: 'grant.created', appId, grantId, outcome: 'ok' });
  world.emulator.revokeGrants();
  world.advance(3_700_000);
  return grantId;
}

describe.each(databases)('what a killed process did and did not record, %s', (kind) => {
  it('A4, F1: a grant that was made, and one that was reauthorized, is on record once', async () => {
    world = await openRefreshWorld(kind);
    const madeAt = new Date(world.clock()).toISOString();
    // The world's own connecting stores and records nothing, as a process killed right after the commit.
    const { grantId } = await world.connect();
    await runJob();
    expect(await listRecords()).toEqual([]);
    world.advance(121_000);
    await runJob();
    await runJob();
    const [made, ...others] = await listRecords();
    expect(others).toEqual([]);
    expect(made).toMatchObject({ kind: 'grant.created', grant_id: grantId });
    expect((made?.details.at ?? '') >= madeAt).toBe(true);
    expect((await world.connect()).grantId).toBe(grantId);
    world.advance(121_000);
    await runJob();
    expect((await listRecords()).map((record) => record.kind)).toEqual([
      'grant.created',
      'grant.reauthorized',
    ]);
    expect(await isAllSeen()).toBe(true);
  });

  it('A4: what was recorded right away is not recorded again', async () => {
    const grantId = await endAtProvider(kind);
    await expect(world.ensure(grantId)).rejects.toMatchObject({ code: 'credential_revoked' });
    world.advance(121_000);
    await runJob();
    expect((await listRecords()).map((record) => record.kind)).toEqual(['grant.created', 'credential.died']);
    expect(await isAllSeen()).toBe(true);
  });

  it('A4, F1: a credential that died is on record once, with its cause', async () => {
    const grantId = await endAtProvider(kind);
    const killed = withoutRecords();
    await expect(world.ensure(grantId, killed)).rejects.toMatchObject({ code: 'credential_revoked' });
    world.advance(121_000);
    await runJob();
    await runJob();
    const records = await listRecords();
    expect(records.map((record) => record.kind)).toEqual(['grant.created', 'credential.died']);
    expect(records[1]).toMatchObject({ grant_id: grantId, details: { error: 'invalid_grant' } });
    expect(await isAllSeen()).toBe(true);
  });

  it('A4: a death that was made good meanwhile is not told of afterwards', async () => {
    world = await openRefreshWorld(kind);
    const { grantId } = await world.connect();
    world.emulator.revokeGrants();
    world.advance(3_700_000);
    await expect(world.ensure(grantId, withoutRecords())).rejects.toThrow();
    expect((await world.connect()).grantId).toBe(grantId);
    world.advance(121_000);
    await runJob();
    expect((await listRecords()).map((record) => record.kind)).toEqual(['grant.reauthorized']);
    expect(await isAllSeen()).toBe(true);
  });
});
