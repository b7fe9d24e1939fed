import { sql } from 'kysely';
import { expect, it } from 'vitest';
import { forEachDatabase } from '../../../test/databases.js';
import type { Storage } from '../database/storage.js';
import { destroyAppSecrets, endAppUse } from './shred.js';

const rowCount = 2_500;
const toId = (index: number) => `c-${10_000 + index}`;

forEachDatabase('shredding in slices', (createDatabase, kind) => {
  async function prepare(): Promise<Storage> {
    const storage = await (await createDatabase()).open();
    const { db } = storage;
    for (const app of ['a', 'b']) {
      await sql`insert into apps (id, slug, name, settings_json, version, wrapped_key, created_at, updated_at)
        values (${app}, ${app}, 'A', '{}', 1, ${Buffer.from('key')}, 1, 1)`.execute(db);
      await sql`insert into data_keys (app_id, id, wrapped_key, created_at)
        values (${app}, 'd', ${Buffer.from('key')}, 1)`.execute(db);
      await sql`insert into provider_configs (app_id, id, provider_id, overrides_json, scopes_json, breaker_failures, created_at, updated_at)
        values (${app}, 'p', 'google', '{}', '[]', 0, 1, 1)`.execute(db);
    }
    await insertCredentials(db, 'a', rowCount);
    await insertCredentials(db, 'b', 1);
    return storage;
  }

  /** From now on the change of one row fails, as for a process that dies there. */
  async function breakAt({ db }: Storage, id: string): Promise<() => Promise<unknown>> {
    if (kind === 'sqlite') {
      await sql
        .raw(`create trigger broken before update of sealed_tokens on credentials when new.id = '${id}'
          begin select raise(abort, 'broken'); end`)
        .execute(db);
      return () => sql.raw('drop trigger broken').execute(db);
    }
    await sql
      .raw(
        `create function broken() returns trigger as $$ begin raise exception 'broken'; end $$ language plpgsql`,
      )
      .execute(db);
    await sql
      .raw(`create trigger broken before update of sealed_tokens on credentials for each row when (new.id = '${id}')
        execute function broken()`)
      .execute(db);
    return () => sql.raw('drop trigger broken on credentials').execute(db);
  }

  const countSealed = async ({ db }: Storage, appId: string) =>
    (await db.selectFrom('credentials').select('sealed_tokens').where('app_id', '=', appId).execute()).filter(
      (row) => row.sealed_tokens.length > 0,
    ).length;

  it('K2, F1: the keys are destroyed first; what a kill left uncleared is cleared the next time', async () => {
    const storage = await prepare();
    const repair = await breakAt(storage, toId(1_500));
    await expect(destroyAppSecrets(storage, 'a', 5)).rejects.toThrow('broken');
    const keys = () => storage.db.selectFrom('data_keys').select('app_id').execute();
    const readApp = () =>
      storage.db
        .selectFrom('apps')
        .select(['wrapped_key', 'shredded_at'])
        .where('id', '=', 'a')
        .executeTakeFirst();
    expect(await readApp()).toEqual({ wrapped_key: Buffer.alloc(0), shredded_at: 5 });
    expect(await keys()).toEqual([{ app_id: 'b' }]);
    expect(await countSealed(storage, 'a')).toBe(1_500);

    await repair();
    await destroyAppSecrets(storage, 'a', 9);
    expect([await countSealed(storage, 'a'), await countSealed(storage, 'b')]).toEqual([0, 1]);
    expect((await readApp())?.shredded_at).toBe(5);
    expect(await keys()).toEqual([{ app_id: 'b' }]);
  });

  it('K2: every credential of a large app is ended, none of another', async () => {
    const storage = await prepare();
    expect(await endAppUse(storage, 'a', 5)).toEqual({ apiKeys: 0, grants: 0 });
    const rows = await storage.db.selectFrom('credentials').select(['app_id', 'status']).execute();
    const ended = rows.filter((row) => row.status === 'revoked');
    expect([rows.length, ended.length, ended.some((row) => row.app_id === 'b')]).toEqual([
      rowCount + 1,
      rowCount,
      false,
    ]);
  });
});

async function insertCredentials(
  db: Parameters<ReturnType<typeof sql>['execute']>[0],
  app: string,
  count: number,
): Promise<void> {
  await sql`insert into credentials (app_id, id, provider_config_id, sealed_tokens, generation, token_generation, scopes_json,
    metadata_json, access_issued_at, has_refresh_token, status, is_refresh_forced, failures, lease_generation, intent_is_replay,
    created_at, updated_at)
    with recursive numbers (n) as (select 0 union all select n + 1 from numbers where n + 1 < ${sql.lit(count)})
    select ${sql.lit(app)}, 'c-' || (10000 + n), 'p', ${Buffer.from('sealed')}, 1, 'g', '[]', '{}', 1, 0, 'active', 0, 0, 0, 0, 1, 1
    from numbers`.execute(db);
}
