import { sql } from 'kysely';
import { afterEach, describe, expect, it } from 'vitest';
import { readPosition } from '../../src/keys/rotation/rotation-position.js';
import { listRunningRotations } from '../../src/storage/keys/rotations.js';
import { callToken } from '../access/token-call.js';
import { startChild } from '../children/run-child.js';
import { type ConnectStack, startConnectStack } from '../connect/stack.js';
import { checkKeysOf, connectMany, keepCalling, readDataKeys, rotateApp } from './rotation-world.js';

/** Longer than a holder that gives no sign of life keeps a rotation. */
const leaseOverMs = 20_000;
const values = 500;

describe.skipIf(!process.env.DATABASE_URL)('a rotation whose process is killed', () => {
  let stack: ConnectStack | undefined;
  afterEach(() => stack?.close());

  it('K3: SIGKILL in the middle: another process goes on from there, no call of any process fails, doctor is clean', async () => {
    let offsetMs = 0;
    stack = await startConnectStack('postgres', { clock: () => Date.now() + offsetMs });
    const { deps, appIds } = stack.vault;
    const appId = appIds.demo ?? '';
    const grantId = await connectMany(stack, values);
    const sibling = { ...stack, vault: await stack.vault.openSibling() };
    // Both started before the rotation, so they have the old keys in memory.
    expect((await callToken(sibling, { grant_id: grantId })).status).toBe(200);
    const before = await readDataKeys(deps, appId);
    const calling = keepCalling([stack, sibling], grantId);

    const { rows } = await sql<{ schema: string }>`select current_schema() as schema`.execute(
      deps.storage.db,
    );
    const child = startChild('rotate-child', {
      environment: {
        ALTER_VAULT_ENV: 'development',
        ALTER_VAULT_DATA_DIR: deps.config.dataDir,
        ALTER_VAULT_ROOT_KEY: deps.config.rootKey?.reveal(),
        DATABASE_URL: process.env.DATABASE_URL,
      },
      schema: rows[0]?.schema,
      slug: 'demo',
    });
    // Some batches are through, and many are not.
    await child.waitForLine('seen 0001');
    child.process.kill('SIGKILL');
    expect((await child.waitForEnd()).code).toBe('SIGKILL');

    const [left] = await listRunningRotations(deps.storage);
    expect(left).toMatchObject({ phase: 'rewriting', app_id: appId });
    const resumedFrom = left ? readPosition(left) : undefined;
    expect(resumedFrom?.seen).toBeLessThan(values);
    const half = await checkKeysOf(deps);
    expect(half.find((check) => check.name === 'keys of demo')).toMatchObject({ status: 'info' });

    offsetMs += leaseOverMs;
    const progress = await rotateApp(deps);
    expect(progress.rotations).toMatchObject([{ id: left?.id, phase: 'done', unreadable: 0 }]);
    expect(progress.rotations[0]?.changed).toBeGreaterThanOrEqual(values);
    expect(Object.keys(await calling.stop())).toEqual(['200']);
    const after = await readDataKeys(deps, appId);
    expect(after.retired).toEqual([]);
    expect(after.all.filter((id) => before.all.includes(id))).toEqual([]);
    expect((await checkKeysOf(deps)).every((check) => check.status === 'ok')).toBe(true);
    for (const one of [stack, sibling]) {
      one.vault.deps.keyring.forgetApp(appId);
      expect((await callToken(one, { grant_id: grantId })).status).toBe(200);
    }
  }, 60_000);
});
