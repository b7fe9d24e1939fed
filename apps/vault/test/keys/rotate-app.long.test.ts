import { readKeyId } from '@alter-ai/core-crypto';
import { afterEach, expect, it } from 'vitest';
import { openTokens, sealTokens } from '../../src/grants/stored-tokens.js';
import { openKeyring } from '../../src/keys/open-keyring.js';
import { beginAppRotations } from '../../src/keys/rotation/begin-app-rotation.js';
import { driveRotations } from '../../src/keys/rotation/drive-rotations.js';
import { sealedColumns } from '../../src/storage/keys/sealed/sealed-columns.js';
import { listSealedRows, replaceSealed } from '../../src/storage/keys/sealed/sealed-rows.js';
import { callToken, readJson } from '../access/token-call.js';
import { connectAccount } from '../connect/connect-driver.js';
import { type ConnectStack, startConnectStack } from '../connect/stack.js';
import { describeBothDatabases } from '../harness.js';
import {
  checkKeysOf,
  connectMany,
  keepCalling,
  readDataKeys,
  rotateApp,
  settleMs,
} from './rotation-world.js';

describeBothDatabases('rotation of an app key', (kind) => {
  let stack: ConnectStack;
  afterEach(() => stack?.close());
  const start = async () => {
    stack = await startConnectStack(kind, { provider: { refreshMode: 'strict' } });
    return { deps: stack.vault.deps, appId: stack.vault.appIds.demo ?? '' };
  };

  it('K3: every value is under a new key afterwards, no call fails meanwhile, and the old data keys are gone', async () => {
    const { deps, appId } = await start();
    const grantId = await connectMany(stack, 300);
    const before = await readDataKeys(deps, appId);
    const calling = keepCalling([stack], grantId);
    const progress = await rotateApp(deps);
    const answers = await calling.stop();

    expect(Object.keys(answers)).toEqual(['200']);
    expect(progress.rotations).toMatchObject([{ app: 'demo', phase: 'done', unreadable: 0 }]);
    expect(progress.rotations[0]?.changed).toBeGreaterThanOrEqual(300);
    const after = await readDataKeys(deps, appId);
    expect(after.retired).toEqual([]);
    expect(after.all.filter((id) => before.all.includes(id))).toEqual([]);
    for (const at of sealedColumns) {
      for (const row of await listSealedRows(deps.storage, at, { appId, afterId: '', limit: 1000 }))
        expect(after.all).toContain(readKeyId(row.sealed));
    }
    const checks = await checkKeysOf(deps);
    expect(checks.find((check) => check.name === 'keys of demo')).toMatchObject({ status: 'ok' });
    expect(checks.filter((check) => check.status !== 'ok')).toEqual([]);
    // What opens is read from the database alone.
    deps.keyring.forgetApp(appId);
    expect((await callToken(stack, { grant_id: grantId })).status).toBe(200);
    expect((await connectAccount(stack.vault, { provider: 'acme' })).grant_id).toBe(grantId);
  }, 60_000);

  it('K3: a value that is written while its old form is re-encrypted stays: the newer one is never lost', async () => {
    const { deps, appId } = await start();
    const { grant_id: grantId } = await connectAccount(stack.vault, { provider: 'acme' });
    const at = sealedColumns.find((column) => column.table === 'credentials');
    if (!at) throw new Error('no column');
    const [old] = await listSealedRows(deps.storage, at, { appId, afterId: '', limit: 1 });
    if (!old) throw new Error('no credential');
    const key = { appId, credentialId: old.id };
    const tokens = await openTokens(deps.keyring, key, old.sealed);
    const newer = await sealTokens(deps.keyring, key, { ...tokens, access_token: 'newer' });
    await deps.storage.db
      .updateTable('credentials')
      .set({ sealed_tokens: newer })
      .where('id', '=', old.id)
      .execute();
    const resealed = await sealTokens(deps.keyring, key, tokens);
    expect(await replaceSealed(deps.storage, at, appId, [{ ...old, resealed }])).toBe(0);
    await rotateApp(deps);
    expect(await readJson(await callToken(stack, { grant_id: grantId }))).toMatchObject({
      access_token: 'newer',
    });
  }, 30_000);

  it('K3: refreshes go on: every credential refreshed during a rotation has the tokens of its provider', async () => {
    const { deps, appId } = await start();
    const users = ['alice', 'bob'];
    const grants: string[] = [];
    for (const user of users) {
      grants.push((await connectAccount(stack.vault, { provider: 'acme', user })).grant_id);
    }
    const ids = await beginAppRotations(deps, { slug: 'demo' });
    const signal = new AbortController().signal;
    const driven = driveRotations(deps, { signal, isWaiting: true, settleMs });
    const rounds = 5;
    for (let round = 0; round < rounds; round += 1) {
      await deps.storage.db
        .updateTable('credentials')
        .set({ is_refresh_forced: 1 })
        .where('app_id', '=', appId)
        .execute();
      const answers = await Promise.all(grants.map((grantId) => callToken(stack, { grant_id: grantId })));
      expect(answers.map((answer) => answer.status)).toEqual(users.map(() => 200));
    }
    await driven;
    expect(ids).toHaveLength(1);
    const summary = stack.provider.summarizeLog();
    expect(summary).toMatchObject({ refreshAccepted: users.length * rounds, refreshReplayed: [] });
    const last = await Promise.all(grants.map((grantId) => callToken(stack, { grant_id: grantId })));
    expect(last.map((answer) => answer.status)).toEqual(users.map(() => 200));
  }, 60_000);

  it('K3: a process that sealed before the rotation goes on with a new data key, and what it stores opens', async () => {
    const { deps, appId } = await start();
    const { storage, clock } = deps;
    const { grant_id: grantId } = await connectAccount(stack.vault, { provider: 'acme' });
    const row = await storage.db
      .selectFrom('credentials')
      .select(['id', 'sealed_tokens'])
      .where('app_id', '=', appId)
      .executeTakeFirstOrThrow();
    const key = { appId, credentialId: row.id };
    const other = await openKeyring({ storage, rootKey: deps.keyring.rootKeys, clock });
    const before = readKeyId(await sealTokens(other, key, { access_token: 'early', raw: '' }));
    await rotateApp(deps);
    const sealed = await sealTokens(other, key, { access_token: 'late', raw: '' });
    expect((await readDataKeys(deps, appId)).all).toContain(readKeyId(sealed));
    expect(readKeyId(sealed)).not.toBe(before);
    await storage.db
      .updateTable('credentials')
      .set({ sealed_tokens: sealed })
      .where('id', '=', row.id)
      .execute();
    expect(await readJson(await callToken(stack, { grant_id: grantId }))).toMatchObject({
      access_token: 'late',
    });
  }, 30_000);

  it('K3: a rotation that was ended goes on where it was, by whoever comes next, and one at a time', async () => {
    const { deps, appId } = await start();
    await connectMany(stack, 200);
    const [id] = await beginAppRotations(deps, { slug: 'demo' });
    const ended = new AbortController();
    const first = driveRotations(deps, { signal: ended.signal, isWaiting: true, settleMs });
    ended.abort();
    await first;
    expect((await readDataKeys(deps, appId)).retired.length).toBeGreaterThan(0);
    expect((await checkKeysOf(deps)).map((check) => check.name)).toContain('rotation');
    expect(await beginAppRotations(deps, { slug: 'demo' })).toEqual([id]);
    const progress = await rotateApp(deps);
    expect(progress.rotations[0]).toMatchObject({ id, phase: 'done' });
    expect((await readDataKeys(deps, appId)).retired).toEqual([]);
  }, 30_000);

  it('K3, K8: a value that does not open stops nothing; its data key stays, and doctor says so', async () => {
    const { deps, appId } = await start();
    const { grant_id: grantId } = await connectAccount(stack.vault, { provider: 'acme' });
    const row = await deps.storage.db
      .selectFrom('credentials')
      .select(['id', 'sealed_tokens'])
      .where('app_id', '=', appId)
      .executeTakeFirstOrThrow();
    const damaged = Buffer.from(row.sealed_tokens);
    damaged[damaged.length - 1] = (damaged.at(-1) ?? 0) ^ 1;
    await deps.storage.db
      .updateTable('credentials')
      .set({ sealed_tokens: damaged })
      .where('id', '=', row.id)
      .execute();
    const progress = await rotateApp(deps);
    expect(progress.rotations[0]).toMatchObject({ phase: 'done', unreadable: 1 });
    expect((await readDataKeys(deps, appId)).retired).toEqual([readKeyId(row.sealed_tokens)]);
    expect((await checkKeysOf(deps)).find((check) => check.name === 'keys of demo')).toMatchObject({
      status: 'failed',
      message: expect.stringContaining('1 value and 1 data key from before the rotation'),
    });
    expect((await callToken(stack, { grant_id: grantId })).status).toBe(500);
  }, 30_000);
});
