import type { Selectable } from 'kysely';
import { uuidv7 } from 'uuidv7';
import type { Storage } from '../database/storage.js';
import type { UserTable } from '../tables/live-tables.js';

/** A stored user. */
export type UserRow = Selectable<UserTable>;

/** `last_seen_at` is no more exact than this, so that reading a token does not write a row each time. */
const lastSeenResolutionMs = 3_600_000;

/** What a user token says of its user. */
export interface SeenUser {
  readonly appId: string;
  readonly issuer: string;
  readonly subject: string;
  readonly email: string | null;
  readonly displayName: string | null;
  readonly nowMs: number;
}

/** Finds the user of (app, issuer, subject), or makes it; keeps email and name as the newest token has them. */
export async function upsertUser(storage: Storage, seen: SeenUser): Promise<UserRow> {
  const find = () =>
    storage.db
      .selectFrom('users')
      .selectAll()
      .where('app_id', '=', seen.appId)
      .where('issuer', '=', seen.issuer)
      .where('subject', '=', seen.subject)
      .executeTakeFirst();
  let user = await find();
  if (!user) {
    await storage.db
      .insertInto('users')
      .values({
        app_id: seen.appId,
        id: uuidv7(),
        issuer: seen.issuer,
        subject: seen.subject,
        email: seen.email,
        display_name: seen.displayName,
        created_at: seen.nowMs,
        last_seen_at: seen.nowMs,
      })
      .onConflict((conflict) => conflict.columns(['app_id', 'issuer', 'subject']).doNothing())
      .execute();
    user = await find();
    if (!user) throw new Error('user row vanished');
    return user;
  }
  const email = seen.email ?? user.email;
  const displayName = seen.displayName ?? user.display_name;
  const isChanged = email !== user.email || displayName !== user.display_name;
  if (isChanged || seen.nowMs - user.last_seen_at > lastSeenResolutionMs) {
    await storage.db
      .updateTable('users')
      .set({ email, display_name: displayName, last_seen_at: seen.nowMs })
      .where('app_id', '=', seen.appId)
      .where('id', '=', user.id)
      .execute();
  }
  return { ...user, email, display_name: displayName };
}

/** Finds a user by id. */
export function findUserById(storage: Storage, appId: string, userId: string): Promise<UserRow | undefined> {
  return storage.db
    .selectFrom('users')
    .selectAll()
    .where('app_id', '=', appId)
    .where('id', '=', userId)
    .executeTakeFirst();
}
