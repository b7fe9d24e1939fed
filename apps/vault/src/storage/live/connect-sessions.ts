import type { Insertable, Selectable, Updateable } from 'kysely';
import type { Executor, Storage } from '../database/storage.js';
import type { AuthorizationTable, ConnectSessionTable } from '../tables/live-tables.js';

/** A stored connect session. */
export type ConnectSessionRow = Selectable<ConnectSessionTable>;
/** A stored authorization under way. */
export type AuthorizationRow = Selectable<AuthorizationTable>;

/** Stores a new session. */
export async function insertConnectSession(
  storage: Storage,
  row: Insertable<ConnectSessionTable>,
): Promise<void> {
  await storage.db.insertInto('connect_sessions').values(row).execute();
}

/** Finds a session by the hash of its token, over all apps: the token is the authority. */
export function findSessionByTokenHash(
  storage: Storage,
  tokenHash: string,
): Promise<ConnectSessionRow | undefined> {
  return storage.db
    .selectFrom('connect_sessions')
    .selectAll()
    .where('token_hash', '=', tokenHash)
    .executeTakeFirst();
}

/** Finds a session by its handle. */
export function findSessionById(
  executor: Executor,
  sessionId: string,
): Promise<ConnectSessionRow | undefined> {
  return executor.selectFrom('connect_sessions').selectAll().where('id', '=', sessionId).executeTakeFirst();
}

/**
 * Changes a session if nobody changed it since it was read (`version`).
 * @returns whether the change was made.
 */
export async function updateSession(
  executor: Executor,
  session: ConnectSessionRow,
  changes: Omit<Updateable<ConnectSessionTable>, 'version' | 'app_id' | 'id'>,
): Promise<boolean> {
  const result = await executor
    .updateTable('connect_sessions')
    .set({ ...changes, version: session.version + 1 })
    .where('app_id', '=', session.app_id)
    .where('id', '=', session.id)
    .where('version', '=', session.version)
    .executeTakeFirst();
  return result.numUpdatedRows === 1n;
}

/** Stores an authorization that has been started. */
export async function insertAuthorization(
  storage: Storage,
  row: Insertable<AuthorizationTable>,
): Promise<void> {
  await storage.db.insertInto('authorizations').values(row).execute();
}

/** Finds what a state parameter stands for. */
export function findAuthorizationByStateHash(
  storage: Storage,
  stateHash: string,
): Promise<AuthorizationRow | undefined> {
  return storage.db
    .selectFrom('authorizations')
    .selectAll()
    .where('state_hash', '=', stateHash)
    .executeTakeFirst();
}

/**
 * Spends a state: it works once.
 * @returns false when somebody else spent it first.
 */
export async function spendAuthorization(
  storage: Storage,
  row: AuthorizationRow,
  nowMs: number,
): Promise<boolean> {
  const result = await storage.db
    .updateTable('authorizations')
    .set({ spent_at: nowMs })
    .where('app_id', '=', row.app_id)
    .where('id', '=', row.id)
    .where('spent_at', 'is', null)
    .executeTakeFirst();
  return result.numUpdatedRows === 1n;
}

/** Removes sessions and authorizations that ended before `beforeMs`; their story stays in the audit log. */
export async function deleteEndedSessions(storage: Storage, beforeMs: number): Promise<void> {
  await storage.db.deleteFrom('authorizations').where('expires_at', '<', beforeMs).execute();
  await storage.db.deleteFrom('connect_sessions').where('expires_at', '<', beforeMs).execute();
}
