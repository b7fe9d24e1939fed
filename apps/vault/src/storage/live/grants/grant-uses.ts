import type { Storage } from '../../database/storage.js';

/** That a grant was used, and when. */
export interface GrantUse {
  readonly appId: string;
  readonly grantId: string;
  readonly atMs: number;
}

const upsert = `on conflict (app_id, grant_id) do update set last_used_at = excluded.last_used_at
  where excluded.last_used_at > grant_uses.last_used_at`;

/** Writes when grants were last used, each at most once, in one transaction; a later time that is there already stays. */
export async function storeLastUses(storage: Storage, uses: readonly GrantUse[]): Promise<void> {
  const { native } = storage;
  if (native.kind === 'postgres') {
    await native.pool.query(
      `insert into grant_uses (app_id, grant_id, last_used_at)
        select * from unnest($1::text[], $2::text[], $3::bigint[]) ${upsert}`,
      [uses.map(({ appId }) => appId), uses.map(({ grantId }) => grantId), uses.map(({ atMs }) => atMs)],
    );
    return;
  }
  await native.runExclusive((database) => {
    const insert = database.prepare(
      `insert into grant_uses (app_id, grant_id, last_used_at) values (?, ?, ?) ${upsert}`,
    );
    database.transaction(() => {
      for (const { appId, grantId, atMs } of uses) insert.run(appId, grantId, atMs);
    })();
  }, 'unkept');
}
