import { generateRootKey, parseRootKey } from '@alter-ai/core-crypto';
import { sql } from 'kysely';
import { expect, it } from 'vitest';
import { forEachDatabase } from '../../test/databases.js';
import { migrate, migrations } from '../storage/migrations/migrate.js';
import { openVaultData } from './open-vault-data.js';

forEachDatabase('opening the data', (createDatabase, kind) => {
  // SQLite has one server, which nobody else's migration keeps waiting.
  it.runIf(kind === 'postgres')(
    'F4: a start waits for a migration of another process longer than a statement may take',
    async () => {
      const database = await createDatabase();
      const earlier = migrations.slice(0, -1);
      const [last = migrations[0]] = migrations.slice(-1);
      const other = await database.openEmpty();
      await migrate(other, { migrations: earlier });
      let claimed: () => void = () => {};
      const isClaimed = new Promise<void>((resolve) => {
        claimed = resolve;
      });
      let end: () => void = () => {};
      const slow = {
        name: last?.name ?? '',
        run: async () => {
          claimed();
          await new Promise<void>((resolve) => {
            end = resolve;
          });
          throw new Error('killed');
        },
      };
      const dying = migrate(other, { migrations: [...earlier, slow] }).catch(String);
      await isClaimed;
      const timeoutMs = 300;
      const opening = openVaultData({
        ...database.options,
        timeoutMs,
        rootKey: parseRootKey(generateRootKey()),
        clock: Date.now,
      });
      opening.catch(() => {});
      // It waits for the claim until after the time of one statement.
      const waiting = () =>
        sql<{ count: number }>`
          select count(*)::int as count from pg_stat_activity
          where wait_event_type = 'Lock' and query like 'insert into "schema_migrations"%'
            and clock_timestamp() - query_start > interval '600 milliseconds'`
          .execute(observer.db)
          .then(({ rows }) => rows[0]?.count ?? 0);
      const observer = await database.openEmpty();
      await Promise.race([opening, expect.poll(waiting, { timeout: 4_000 }).toBeGreaterThan(0)]);
      end();
      expect(await dying).toContain('killed');
      const { storage, appliedMigrations } = await opening;
      await storage.close();
      expect(appliedMigrations).toEqual([slow.name]);
    },
    10_000,
  );

  it('F4: what is migrated already is opened as it is', async () => {
    const database = await createDatabase();
    const options = { ...database.options, rootKey: parseRootKey(generateRootKey()), clock: Date.now };
    const first = await openVaultData(options);
    await first.storage.close();
    const second = await openVaultData(options);
    await second.storage.close();
    expect([first.appliedMigrations.length, second.appliedMigrations]).toEqual([migrations.length, []]);
  });
});
