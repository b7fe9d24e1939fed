import { sql } from 'kysely';
import { expect, it } from 'vitest';
import { startChild } from '../../../test/children/run-child.js';
import { forEachDatabase } from '../../../test/databases.js';
import { hasTable, listAppliedMigrations, migrate, migrations, NewerDataError } from './migrate.js';

const names = migrations.map((migration) => migration.name);

forEachDatabase('migrations', (createDatabase, kind) => {
  it('F4: several starting processes migrate once', async () => {
    const database = await createDatabase();
    const children = Array.from({ length: 4 }, () =>
      startChild('migrate-child', { options: database.options }),
    );
    const ends = await Promise.all(children.map((child) => child.waitForEnd()));
    expect(ends.map((end) => [end.code, end.lines.length])).toEqual(Array(4).fill([0, 1]));
    const applied = ends.flatMap((end) => JSON.parse(end.lines[0]?.replace('applied ', '') ?? '[]'));
    expect(applied.sort()).toEqual(names);
    expect(await listAppliedMigrations(await database.openEmpty())).toEqual(names);
  }, 30_000);

  it('F4: a kill in the middle of a migration leaves nothing of it, and the next start does it', async () => {
    const database = await createDatabase();
    const child = startChild('migrate-child', { options: database.options, hangs: true });
    await child.waitForLine('middle');
    child.process.kill('SIGKILL');
    expect((await child.waitForEnd()).code).toBe('SIGKILL');

    const storage = await database.openEmpty();
    expect(await listAppliedMigrations(storage)).toEqual(names);
    expect(await hasTable(storage, 'half_made')).toBe(false);
    expect(await storage.db.selectFrom('meta').select('key').execute()).toEqual([]);
    const finish = {
      name: '900-hanging',
      run: async (trx: Parameters<(typeof migrations)[0]['run']>[0]) => {
        await sql`create table half_made (id text not null primary key)`.execute(trx);
      },
    };
    const { applied } = await migrate(storage, { migrations: [...migrations, finish] });
    expect([applied, await hasTable(storage, 'half_made')]).toEqual([['900-hanging'], true]);
  }, 30_000);

  it('F4: a migration that fails leaves nothing, and the error says why', async () => {
    const storage = await (await createDatabase()).open();
    const failing = {
      name: '900-failing',
      run: async (trx: Parameters<(typeof migrations)[0]['run']>[0]) => {
        await sql`create table half_made (id text)`.execute(trx);
        await sql`select * from no_such_table`.execute(trx);
      },
    };
    await expect(migrate(storage, { migrations: [...migrations, failing] })).rejects.toThrow('no_such_table');
    expect([await hasTable(storage, 'half_made'), await listAppliedMigrations(storage)]).toEqual([
      false,
      names,
    ]);
  });

  it('applies nothing a second time, and refuses data of a newer version', async () => {
    const storage = await (await createDatabase()).open();
    expect(await migrate(storage)).toEqual({ applied: [] });
    await sql`insert into schema_migrations (name, applied_at) values ('999-future', 1)`.execute(storage.db);
    await expect(migrate(storage)).rejects.toThrow(NewerDataError);
  });

  it('allows one live grant for one account, and any number of revoked ones', async () => {
    const storage = await (await createDatabase()).open();
    await insertAccount(storage.db);
    const insert = (id: string, status: string) =>
      sql`insert into grants (app_id, id, provider_id, provider_config_id, credential_id, principal_type, principal_id, issuer,
        subject, account_identifier, status, scopes_json, parameters_json, created_at)
        values ('a', ${id}, 'google', 'p', 'c', 'system', 'system', 'i', 's', 'x', ${status}, '[]', '{}', 1)`.execute(
        storage.db,
      );
    for (const id of ['1', '2']) await insert(id, 'revoked');
    await insert('3', 'active');
    await expect(insert('4', 'active')).rejects.toMatchObject({
      code: kind === 'sqlite' ? 'SQLITE_CONSTRAINT_UNIQUE' : '23505',
    });
  });
});

async function insertAccount(db: Parameters<ReturnType<typeof sql>['execute']>[0]): Promise<void> {
  await sql`insert into apps (id, slug, name, settings_json, version, wrapped_key, created_at, updated_at)
    values ('a', 'a', 'A', '{}', 1, 'x', 1, 1)`.execute(db);
  await sql`insert into provider_configs (app_id, id, provider_id, overrides_json, scopes_json, breaker_failures, created_at, updated_at)
    values ('a', 'p', 'google', '{}', '[]', 0, 1, 1)`.execute(db);
  await sql`insert into credentials (app_id, id, provider_config_id, sealed_tokens, generation, token_generation, scopes_json,
    metadata_json, access_issued_at, has_refresh_token, status, is_refresh_forced, failures, lease_generation, intent_is_replay,
    created_at, updated_at) values ('a', 'c', 'p', 'x', 1, 'g', '[]', '{}', 1, 0, 'active', 0, 0, 0, 0, 1, 1)`.execute(
    db,
  );
}
