import type { SealContext } from '@alter-ai/core-crypto';
import type { Keyring } from '../../keys/keyring.js';

/** What `credentials.sealed_tokens` holds once opened: the tokens, and the whole answer they came from. */
export interface StoredTokens {
  readonly access_token: string;
  readonly refresh_token?: string;
  readonly id_token?: string;
  readonly token_type?: string;
  /** Further credentials of the same answer, by name (Slack's user token, say). */
  readonly additional?: Readonly<Record<string, string>>;
  /** The provider's answer as received. */
  readonly raw: string;
}

/** Where a credential's tokens are sealed (K1). */
export function tokensContext(appId: string, credentialId: string): SealContext {
  return { table: 'credentials', rowId: credentialId, appId, field: 'tokens' };
}

/** Seals a token set for one credential row. */
export function sealTokens(
  keyring: Keyring,
  row: { appId: string; credentialId: string },
  tokens: StoredTokens,
): Promise<Buffer> {
  return keyring.seal(tokensContext(row.appId, row.credentialId), JSON.stringify(tokens));
}

/** Opens a credential's tokens. @throws OpenError for every cause alike (K8). */
export async function openTokens(
  keyring: Keyring,
  row: { appId: string; credentialId: string },
  sealed: Uint8Array,
): Promise<StoredTokens> {
  return JSON.parse(await keyring.open(tokensContext(row.appId, row.credentialId), sealed)) as StoredTokens;
}
