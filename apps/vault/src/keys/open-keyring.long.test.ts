import { createCipheriv, randomBytes } from 'node:crypto';
import { generateRootKey, OpenError, parseRootKey } from '@alter-ai/core-crypto';
import { sql } from 'kysely';
import { expect, it } from 'vitest';
import { forEachDatabase } from '../../test/databases.js';
import type { Storage } from '../storage/database/storage.js';
import { hasTable } from '../storage/migrations/migrate.js';
import type { Keyring } from './keyring.js';
import { openKeyring } from './open-keyring.js';
import { openVaultData } from './open-vault-data.js';
import { toRootKeys } from './root/root-key-provider.js';
import { checkRootKey } from './vault-key.js';

const rootKey = parseRootKey(generateRootKey());
const clock = () => 1_795_000_000_000;
const place = { table: 'credentials', rowId: 'row-1', appId: 'app-1', field: 'tokens' };

async function insertApp(storage: Storage, keyring: Keyring, id: string): Promise<void> {
  const row = { id, slug: id, name: id, settings_json: '{}', version: 1, created_at: 1, updated_at: 1 };
  await storage.db
    .insertInto('apps')
    .values({ ...row, wrapped_key: await keyring.createAppKey(id) })
    .execute();
}

forEachDatabase('keyring', (createDatabase) => {
  async function openKeys(usesMax?: number) {
    const database = await createDatabase();
    const storage = await database.open();
    const options = usesMax === undefined ? {} : { dataKeyUsesMax: usesMax };
    const keyring = await openKeyring({ storage, rootKey, clock, ...options });
    await insertApp(storage, keyring, 'app-1');
    await insertApp(storage, keyring, 'app-2');
    return { database, storage, keyring };
  }

  it('K1: a sealed value opens in its own place only', async () => {
    const { keyring } = await openKeys();
    const sealed = await keyring.seal(place, 'my secret');
    expect(await keyring.open(place, sealed)).toBe('my secret');
    expect(sealed.includes('my secret')).toBe(false);
    for (const moved of [{ table: 'api_keys' }, { rowId: 'row-2' }, { appId: 'app-2' }, { field: 'state' }]) {
      await expect(keyring.open({ ...place, ...moved }, sealed)).rejects.toThrow(OpenError);
    }
  });

  it('K2: another process opens it; without the app key nobody does', async () => {
    const { database, storage, keyring } = await openKeys();
    const sealed = await keyring.seal(place, 'my secret');
    const other = await openKeyring({ storage: await database.openEmpty(), rootKey, clock });
    expect(await other.open(place, sealed)).toBe('my secret');
    await storage.db
      .updateTable('apps')
      .set({ wrapped_key: Buffer.alloc(0) })
      .where('id', '=', 'app-1')
      .execute();
    const restarted = await openKeyring({ storage, rootKey, clock });
    await expect(restarted.open(place, sealed)).rejects.toThrow(OpenError);
    await expect(restarted.seal(place, 'more')).rejects.toThrow(OpenError);
  });

  it('K2: the database holds app keys and data keys wrapped only, one data key for each process', async () => {
    const { storage, keyring } = await openKeys();
    await Promise.all(Array.from({ length: 20 }, () => keyring.seal(place, 'my secret')));
    await keyring.seal({ ...place, appId: 'app-2' }, 'my secret');
    const rows = await storage.db.selectFrom('data_keys').select('app_id').orderBy('app_id').execute();
    expect(rows).toEqual([{ app_id: 'app-1' }, { app_id: 'app-2' }]);
  });

  it('K3: a data key seals no more often than its limit', async () => {
    const { storage, keyring } = await openKeys(3);
    const sealed = [];
    for (let index = 0; index < 7; index += 1) sealed.push(await keyring.seal(place, `secret ${index}`));
    expect(await storage.db.selectFrom('data_keys').select('id').execute()).toHaveLength(3);
    expect(await Promise.all(sealed.map((value) => keyring.open(place, value)))).toEqual(
      sealed.map((_, index) => `secret ${index}`),
    );
  });

  it('seals for an app whose row is still to come, and inside a transaction once prepared', async () => {
    const { storage, keyring } = await openKeys();
    const wrapped_key = await keyring.createAppKey('app-3');
    const forNew = { ...place, appId: 'app-3' };
    const sealed = await keyring.seal(forNew, 'early');
    await storage.transaction(async (trx) => {
      const row = {
        id: 'app-3',
        slug: 'x',
        name: 'x',
        settings_json: '{}',
        version: 1,
        created_at: 1,
        updated_at: 1,
      };
      await trx
        .insertInto('apps')
        .values({ ...row, wrapped_key })
        .execute();
      expect(await keyring.open(forNew, await keyring.seal(forNew, 'inside'))).toBe('inside');
    });
    const restarted = await openKeyring({ storage, rootKey, clock });
    expect(await restarted.open(forNew, sealed)).toBe('early');
    await expect(storage.transaction(() => restarted.seal(place, 'x'))).rejects.toThrow('prepare(appId)');
    await restarted.prepare('app-1');
    await storage.transaction(() => restarted.seal(place, 'x'));
    await expect(restarted.seal({ ...place, appId: 'unknown' }, 'x')).rejects.toThrow(OpenError);
  });

  it('K4: a root key that is not the one of the data is refused, and nothing is written', async () => {
    const { database, storage } = await openKeys();
    const other = parseRootKey(generateRootKey());
    const message = `The root key does not belong to this database: it was sealed with root key ${rootKey.id}, and the given one is ${other.id}. Set ALTER_VAULT_ROOT_KEY (or ALTER_VAULT_ROOT_KEY_FILE) to the key that these data were made with. Nothing was changed.`;
    const before = await storage.db.selectFrom('meta').selectAll().execute();
    const refused = openVaultData({ ...database.options, rootKey: other, clock });
    await expect(refused).rejects.toMatchObject({ message, exitCode: 78, code: 'configuration_invalid' });
    await expect(openKeyring({ storage, rootKey: other, clock })).rejects.toThrow(message);
    expect(await storage.db.selectFrom('meta').selectAll().execute()).toEqual(before);
  });

  it('K4: the root key is checked before the tables are migrated', async () => {
    const database = await createDatabase();
    const empty = await database.openEmpty();
    await checkRootKey(empty, toRootKeys(rootKey));
    expect(await hasTable(empty, 'meta')).toBe(false);
    await sql`create table meta (key text not null primary key, value ${sql.raw(database.kind === 'sqlite' ? 'blob' : 'bytea')} not null)`.execute(
      empty.db,
    );
    const foreign = await openForeignKey();
    await empty.db.insertInto('meta').values({ key: 'vault_key', value: foreign }).execute();
    await expect(openVaultData({ ...database.options, rootKey, clock })).rejects.toThrow('does not belong');
    expect(await hasTable(empty, 'schema_migrations')).toBe(false);
  });

  it('K4: a lost or damaged key record is told from a wrong key', async () => {
    const { storage } = await openKeys();
    const row = await storage.db
      .selectFrom('meta')
      .selectAll()
      .where('key', '=', 'vault_key')
      .executeTakeFirstOrThrow();
    const damaged = Buffer.from(row.value);
    damaged[damaged.length - 1] = (damaged.at(-1) ?? 0) ^ 1;
    await storage.db.updateTable('meta').set({ value: damaged }).where('key', '=', 'vault_key').execute();
    await expect(openKeyring({ storage, rootKey, clock })).rejects.toThrow('is damaged');
    await storage.db.deleteFrom('meta').where('key', '=', 'vault_key').execute();
    await expect(openKeyring({ storage, rootKey, clock })).rejects.toThrow('has lost the record');
  });

  it('K4: processes that start at once on an empty database agree on one vault key', async () => {
    const database = await createDatabase();
    await database.open();
    const keyrings = await Promise.all(
      [1, 2, 3, 4].map(async () => openKeyring({ storage: await database.openEmpty(), rootKey, clock })),
    );
    const exported = keyrings.map((keyring) => keyring.deriveKey('cookie').export().toString('hex'));
    expect(new Set(exported).size).toBe(1);
    expect(keyrings[0]?.deriveKey('wallet').export().toString('hex')).not.toBe(exported[0]);
  });

  it('K5: a key is looked up by a digest that the database alone does not give', async () => {
    const { database, keyring } = await openKeys();
    const restarted = await openKeyring({ storage: await database.openEmpty(), rootKey, clock });
    const elsewhere = await openKeyring({ storage: await (await createDatabase()).open(), rootKey, clock });
    expect(keyring.lookupDigest('key-id')).toMatch(/^[0-9a-f]{64}$/);
    expect(restarted.lookupDigest('key-id')).toBe(keyring.lookupDigest('key-id'));
    expect(elsewhere.lookupDigest('key-id')).not.toBe(keyring.lookupDigest('key-id'));
    expect(keyring.lookupDigest('key-ie')).not.toBe(keyring.lookupDigest('key-id'));
  });

  it('K8: whatever keeps a value from opening is one error, counted and reported', async () => {
    const { keyring } = await openKeys();
    const reported: unknown[] = [];
    keyring.onOpenFailure((context) => reported.push(context));
    const sealed = await keyring.seal(place, 'my secret');
    const changed = Buffer.from(sealed);
    changed[changed.length - 20] = (changed.at(-20) ?? 0) ^ 1;
    const cipher = createCipheriv('aes-256-gcm', randomBytes(32), randomBytes(12));
    const foreign = Buffer.concat([
      Buffer.from([1, 3]),
      Buffer.from('abc'),
      randomBytes(12),
      cipher.update('x'),
      cipher.final(),
      cipher.getAuthTag(),
    ]);
    const errors = [];
    for (const value of [changed, foreign, Buffer.alloc(0), sealed.subarray(0, 30), randomBytes(80)]) {
      errors.push(
        await keyring.open(place, value).catch((error: Error) => `${error.name}: ${error.message}`),
      );
    }
    expect(new Set(errors).size).toBe(1);
    expect(errors[0]).toContain('OpenError');
    expect([keyring.countOpenFailures(), reported]).toEqual([5, Array(5).fill(place)]);
  });

  it('seals values of the whole server, each for its own name', async () => {
    const { keyring } = await openKeys();
    const sealed = keyring.sealMeta('audit_register', '[]');
    expect(keyring.openMeta('audit_register', sealed)).toBe('[]');
    expect(() => keyring.openMeta('other', sealed)).toThrow(OpenError);
  });

  async function openForeignKey(): Promise<Buffer> {
    const storage = await (await createDatabase()).open();
    await openKeyring({ storage, rootKey: parseRootKey(generateRootKey()), clock });
    const row = await storage.db
      .selectFrom('meta')
      .select('value')
      .where('key', '=', 'vault_key')
      .executeTakeFirstOrThrow();
    return row.value;
  }
});
