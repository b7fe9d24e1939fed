import { sql } from 'kysely';
import { expect, it } from 'vitest';
import { forEachDatabase } from '../../../../test/databases.js';
import { migrate, migrations } from '../../migrations/migrate.js';
import { storeLastUses } from './grant-uses.js';

const insertApp = sql`insert into apps (id, slug, name, settings_json, version, wrapped_key, created_at, updated_at)
  values ('a', 'a', 'A', '{}', 1, 'x', 1, 1)`;

forEachDatabase('times of use', (createDatabase) => {
  it('a later time that is there already stays, whichever of two processes writes last', async () => {
    const storage = await (await createDatabase()).open();
    await insertApp.execute(storage.db);
    await storeLastUses(storage, [
      { appId: 'a', grantId: 'one', atMs: 1_795_000_000_200 },
      { appId: 'a', grantId: 'two', atMs: 1_795_000_000_100 },
    ]);
    await storeLastUses(storage, [
      { appId: 'a', grantId: 'one', atMs: 1_795_000_000_150 },
      { appId: 'a', grantId: 'two', atMs: 1_795_000_000_300 },
    ]);
    expect(
      await storage.db
        .selectFrom('grant_uses')
        .select(['grant_id', 'last_used_at'])
        .orderBy('grant_id')
        .execute(),
    ).toEqual([
      { grant_id: 'one', last_used_at: 1_795_000_000_200 },
      { grant_id: 'two', last_used_at: 1_795_000_000_300 },
    ]);
  });

  it('F4: what stood in the rows of grants before is kept', async () => {
    const storage = await (await createDatabase()).openEmpty();
    await migrate(storage, { migrations: migrations.filter(({ name }) => name < '012') });
    await insertApp.execute(storage.db);
    await sql`insert into provider_configs (app_id, id, provider_id, overrides_json, scopes_json, breaker_failures, created_at,
      updated_at) values ('a', 'p', 'google', '{}', '[]', 0, 1, 1)`.execute(storage.db);
    await sql`insert into credentials (app_id, id, provider_config_id, sealed_tokens, generation, token_generation, scopes_json,
      metadata_json, access_issued_at, has_refresh_token, status, is_refresh_forced, failures, lease_generation, intent_is_replay,
      created_at, updated_at) values ('a', 'c', 'p', 'x', 1, 'g', '[]', '{}', 1, 0, 'active', 0, 0, 0, 0, 1, 1)`.execute(
      storage.db,
    );
    for (const [id, lastUse] of [
      ['used', 1_795_000_000_100],
      ['unused', null],
    ]) {
      await sql`insert into grants (app_id, id, provider_id, provider_config_id, credential_id, principal_type, principal_id,
        issuer, subject, account_identifier, status, scopes_json, parameters_json, created_at, last_used_at)
        values ('a', ${id}, 'google', 'p', 'c', 'system', 'system', 'i', ${id}, 'x', 'active', '[]', '{}', 1,
        ${lastUse})`.execute(storage.db);
    }
    await migrate(storage);
    expect(await storage.db.selectFrom('grant_uses').selectAll().execute()).toEqual([
      { app_id: 'a', grant_id: 'used', last_used_at: 1_795_000_000_100 },
    ]);
  });
});
