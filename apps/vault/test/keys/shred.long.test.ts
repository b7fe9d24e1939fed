import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generateRootKey, OpenError } from '@alter-ai/core-crypto';
import { sql } from 'kysely';
import pino from 'pino';
import { afterEach, describe, expect, it } from 'vitest';
import { loadConfig } from '../../src/config.js';
import { openTokens } from '../../src/grants/stored-tokens.js';
import { shredApp } from '../../src/keys/shred/shred-app.js';
import { openVault } from '../../src/open-vault.js';
import { callToken } from '../access/token-call.js';
import { connectAccount } from '../connect/connect-driver.js';
import { type ConnectStack, startConnectStack } from '../connect/stack.js';
import { applyConfig, describeBothDatabases } from '../harness.js';
import { checkKeysOf } from './rotation-world.js';
import { startTransitServer } from './transit-server.js';

const cleanups: (() => Promise<unknown> | unknown)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanups.splice(0).reverse()) await cleanUp();
});

describeBothDatabases('shredding of an app', (kind) => {
  let stack: ConnectStack;

  it('K2: nothing of it opens any more, its keys and grants are revoked, other apps go on, and it is on record', async () => {
    stack = await startConnectStack(kind);
    cleanups.push(() => stack.close());
    const { deps, appIds } = stack.vault;
    const appId = appIds.demo ?? '';
    const { grant_id: grantId } = await connectAccount(stack.vault, { provider: 'acme' });
    const row = await deps.storage.db
      .selectFrom('credentials')
      .select(['id', 'sealed_tokens'])
      .where('app_id', '=', appId)
      .executeTakeFirstOrThrow();
    expect((await callToken(stack, { grant_id: grantId })).status).toBe(200);

    const plan = await shredApp(deps, { slug: 'demo', isDryRun: true });
    expect(plan).toMatchObject({ isDone: false, copies: { isGone: false, goneSinceMs: null } });
    expect((await callToken(stack, { grant_id: grantId })).status).toBe(200);
    const done = await shredApp(deps, { slug: 'demo', isDryRun: false });
    expect(done).toMatchObject({ isDone: true, values: plan.values, apiKeys: 1, grants: 1 });

    const answer = await callToken(stack, { grant_id: grantId });
    expect(answer.status).toBe(401);
    const key = { appId, credentialId: row.id };
    await expect(openTokens(deps.keyring, key, row.sealed_tokens)).rejects.toThrow(OpenError);
    await expect(deps.keyring.seal({ table: 't', rowId: 'r', appId, field: 'f' }, 'x')).rejects.toThrow(
      OpenError,
    );
    expect(
      await deps.storage.db.selectFrom('data_keys').select('id').where('app_id', '=', appId).execute(),
    ).toEqual([]);
    expect((await checkKeysOf(deps)).find((check) => check.name === 'keys of demo')).toEqual({
      name: 'keys of demo',
      status: 'info',
      message: 'shredded; nothing sealed is left',
    });
    const other = await stack.vault.signedFetch('GET', '/sdk/scopes', undefined, { app: 'other' });
    expect(other.status).toBe(200);
    expect(await shredApp(deps, { slug: 'demo', isDryRun: false })).toMatchObject({
      isDone: true,
      values: 0,
    });
    await expect(shredApp(deps, { slug: 'nobody', isDryRun: false })).rejects.toMatchObject({
      code: 'not_found',
    });
    const apply = applyConfig(deps, { version: 1, apps: [{ slug: 'demo', name: 'Demo' }] });
    await expect(apply).rejects.toThrow('apps[0].slug: was shredded');
  }, 30_000);

  it('K2, F1: killed in the middle, the key is gone already; the same command clears what is left', async () => {
    stack = await startConnectStack(kind);
    cleanups.push(() => stack.close());
    const { deps, appIds } = stack.vault;
    const { db } = deps.storage;
    const { grant_id: grantId } = await connectAccount(stack.vault, { provider: 'acme' });
    const place = { table: 'credentials', rowId: 'r', appId: appIds.demo ?? '', field: 'tokens' };
    const sealed = await deps.keyring.seal(place, 'secret');
    // Clearing the tokens fails from now on, as for a process that dies there.
    const broken = { sqlite: "select raise(abort, 'broken');", postgres: "raise exception 'broken';" }[kind];
    if (kind === 'postgres')
      await sql
        .raw(`create function broken() returns trigger as $$ begin ${broken} end $$ language plpgsql`)
        .execute(db);
    const body = kind === 'postgres' ? 'for each row execute function broken()' : `begin ${broken} end`;
    await sql.raw(`create trigger broken before update of sealed_tokens on credentials ${body}`).execute(db);
    await expect(shredApp(deps, { slug: 'demo', isDryRun: false })).rejects.toThrow('broken');
    deps.keyring.forgetApp(place.appId);
    await expect(deps.keyring.open(place, sealed)).rejects.toThrow(OpenError);
    expect((await callToken(stack, { grant_id: grantId })).status).toBe(401);

    await sql.raw(`drop trigger broken${kind === 'postgres' ? ' on credentials' : ''}`).execute(db);
    const again = await shredApp(deps, { slug: 'demo', isDryRun: false });
    expect(again.isDone).toBe(true);
    expect(again.values).toBeGreaterThan(0);
    expect((await shredApp(deps, { slug: 'demo', isDryRun: false })).values).toBe(0);
    expect((await checkKeysOf(deps)).find((check) => check.name === 'keys of demo')).toMatchObject({
      message: 'shredded; nothing sealed is left',
    });
  }, 30_000);

  it.runIf(kind === 'postgres')('K2: another process drops what it had in memory', async () => {
    stack = await startConnectStack(kind);
    cleanups.push(() => stack.close());
    const appId = stack.vault.appIds.demo ?? '';
    const sibling = await stack.vault.openSibling();
    const place = { table: 'credentials', rowId: 'r', appId, field: 'tokens' };
    const sealed = await sibling.deps.keyring.seal(place, 'secret');
    expect(await sibling.deps.keyring.open(place, sealed)).toBe('secret');
    await shredApp(stack.vault.deps, { slug: 'demo', isDryRun: false });
    const { holdRootKeys } = await import('../../src/keys/holders/hold-root-keys.js');
    const hold = await holdRootKeys({ ...sibling.deps, processId: 'again' });
    await hold.beat();
    await hold.release();
    await expect(sibling.deps.keyring.open(place, sealed)).rejects.toThrow(OpenError);
  });
});

describe('shredding, and copies of the database made before', () => {
  async function prepare(settings: (folder: string) => Promise<Record<string, string>>) {
    const folder = mkdtempSync(join(tmpdir(), 'alter-shred-'));
    cleanups.push(() => rmSync(folder, { recursive: true, force: true }));
    const base = { ALTER_VAULT_ENV: 'development', ...(await settings(folder)) };
    const open = async (dataDir: string, more: Record<string, string> = {}) => {
      const config = loadConfig({ ...base, ...more, ALTER_VAULT_DATA_DIR: join(folder, dataDir) });
      const vault = await openVault(config, { log: pino({ level: 'silent' }) });
      let isOpen = true;
      const close = async () => {
        if (isOpen) await vault.close();
        isOpen = false;
      };
      cleanups.push(close);
      return { ...vault.deps, close };
    };
    return { folder, open };
  }
  const place = (appId: string) => ({ table: 'credentials', rowId: 'r', appId, field: 'tokens' });

  /** Shreds one of two apps, then opens the copy that was made before with all that the operator still has. */
  async function shredAndRestore(settings: (folder: string) => Promise<Record<string, string>>) {
    const { folder, open } = await prepare(settings);
    const deps = await open('data');
    const config = { version: 1, apps: ['gone', 'kept'].map((slug) => ({ slug, name: slug })) };
    const { appIds } = await applyConfig(deps, config);
    const [gone = '', kept = ''] = [appIds.gone, appIds.kept];
    const sealed = {
      gone: await deps.keyring.seal(place(gone), 'secret of gone'),
      kept: await deps.keyring.seal(place(kept), 'secret of kept'),
    };
    if (deps.storage.native.kind !== 'sqlite') throw new Error('not SQLite');
    deps.storage.native.database.pragma('wal_checkpoint(TRUNCATE)');
    mkdirSync(join(folder, 'copy'));
    copyFileSync(join(folder, 'data', 'vault.db'), join(folder, 'copy', 'vault.db'));
    const result = await shredApp(deps, { slug: 'gone', isDryRun: false });
    await deps.close();
    const copy = await open('copy');
    expect(await copy.keyring.open(place(kept), sealed.kept)).toBe('secret of kept');
    return { result, opened: copy.keyring.open(place(gone), sealed.gone), folder };
  }

  it('K2: with a key file for each app outside of the backups, an old copy opens no more, root key or not', async () => {
    const { result, opened, folder } = await shredAndRestore(async (root) => ({
      ALTER_VAULT_ROOT_KEY: generateRootKey(),
      ALTER_VAULT_APP_KEY_DIR: join(root, 'app-keys'),
    }));
    expect(result.copies.isGone).toBe(true);
    await expect(opened).rejects.toThrow(OpenError);
    expect(existsSync(join(folder, 'app-keys'))).toBe(true);
  });

  it('K2: with a key for each app in the key service, an old copy opens no more', async () => {
    const server = await startTransitServer({ token: 'kms-token' });
    server.createKey('alter');
    cleanups.push(() => server.close());
    const { result, opened } = await shredAndRestore(async (root) => {
      writeFileSync(join(root, 'token'), 'kms-token');
      return {
        ALTER_VAULT_KMS_URL: server.url,
        ALTER_VAULT_KMS_KEY: 'alter',
        ALTER_VAULT_KMS_TOKEN_FILE: join(root, 'token'),
        ALTER_VAULT_KMS_APP_KEYS: 'each',
      };
    });
    expect(result.copies.isGone).toBe(true);
    await expect(opened).rejects.toThrow(/has nothing at|could not be opened/);
    expect(server.keyNames()).toHaveLength(2);
  });

  it('K2: with one root key for all, an old copy opens as long as the root key of its time is kept, and says so', async () => {
    const { result, opened } = await shredAndRestore(async () => ({
      ALTER_VAULT_ROOT_KEY: generateRootKey(),
    }));
    expect(result.copies.isGone).toBe(false);
    expect(await opened).toBe('secret of gone');
  });

  it('K2: SQLite keeps no bytes of the wrapped keys in its file or its log', async () => {
    const { folder, open } = await prepare(async () => ({ ALTER_VAULT_ROOT_KEY: generateRootKey() }));
    const deps = await open('data');
    const { appIds } = await applyConfig(deps, { version: 1, apps: [{ slug: 'gone', name: 'Gone' }] });
    await deps.keyring.seal(place(appIds.gone ?? ''), 'x');
    const rows = await deps.storage.db.selectFrom('data_keys').select('wrapped_key').execute();
    const app = await deps.storage.db.selectFrom('apps').select('wrapped_key').executeTakeFirstOrThrow();
    const wrapped = [app.wrapped_key, ...rows.map((row) => row.wrapped_key)].map((key) => key.subarray(-40));
    const find = () =>
      ['vault.db', 'vault.db-wal']
        .map((name) => readFileSync(join(folder, 'data', name)))
        .some((bytes) => wrapped.some((key) => bytes.includes(key)));
    expect(find()).toBe(true);
    await shredApp(deps, { slug: 'gone', isDryRun: false });
    expect(find()).toBe(false);
  });
});
