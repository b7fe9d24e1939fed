import type { VaultDeps } from '../../deps.js';
import type { AuthorizationRow } from '../../storage/live/connect-sessions.js';

/** What a state parameter stands for, beyond its row: sealed, because it holds the PKCE verifier and the nonce. */
export interface AuthorizationState {
  readonly codeVerifier: string | null;
  readonly nonce: string | null;
  /** Connect parameters, e.g. a subdomain, as they were checked (C7). */
  readonly parameters: Readonly<Record<string, string>>;
  readonly scopes: readonly string[];
  readonly chosenLifetimeSeconds: number | null;
  readonly isAddedAccount: boolean;
  /** True on the second round that asks for consent again because no refresh token came. */
  readonly isConsentRepeated: boolean;
}

const contextOf = (row: Pick<AuthorizationRow, 'app_id' | 'id'>) => ({
  table: 'authorizations',
  rowId: row.id,
  appId: row.app_id,
  field: 'state',
});

/** Seals what a state stands for. */
export function sealAuthorizationState(
  deps: VaultDeps,
  row: Pick<AuthorizationRow, 'app_id' | 'id'>,
  state: AuthorizationState,
): Promise<Buffer> {
  return deps.keyring.seal(contextOf(row), JSON.stringify(state));
}

/** Opens what a state stands for. */
export async function openAuthorizationState(
  deps: VaultDeps,
  row: AuthorizationRow,
): Promise<AuthorizationState> {
  return JSON.parse(await deps.keyring.open(contextOf(row), row.sealed_state)) as AuthorizationState;
}
