import type { VaultDeps } from '../../deps.js';
import type { ConnectSessionRow } from '../../storage/live/connect-sessions.js';
import type { ConnectedAccount } from '../account/connected-account.js';

/** Another account than the expected one was signed in; its tokens wait here, sealed, for the user's decision (C5). */
export interface Mismatch {
  readonly providerId: string;
  readonly expected: string;
  readonly actual: string;
  readonly account: ConnectedAccount;
}

const contextOf = (row: Pick<ConnectSessionRow, 'app_id' | 'id'>) => ({
  table: 'connect_sessions',
  rowId: row.id,
  appId: row.app_id,
  field: 'mismatch',
});

/** Seals a mismatch for its session. */
export function sealMismatch(
  deps: VaultDeps,
  row: Pick<ConnectSessionRow, 'app_id' | 'id'>,
  mismatch: Mismatch,
): Promise<Buffer> {
  return deps.keyring.seal(contextOf(row), JSON.stringify(mismatch));
}

/** The mismatch that a session waits with, if any. */
export async function readMismatch(deps: VaultDeps, row: ConnectSessionRow): Promise<Mismatch | null> {
  if (!row.sealed_mismatch) return null;
  return JSON.parse(await deps.keyring.open(contextOf(row), row.sealed_mismatch)) as Mismatch;
}
