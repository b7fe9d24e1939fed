import type { SealContext } from '@alter-ai/core-crypto';
import type { ProviderTokens } from '@alter-ai/oauth-providers';
import type { Keyring } from '../keys/keyring.js';

/** What `credentials.sealed_tokens` holds once opened: the tokens, and the whole answer they came from. */
export interface StoredTokens {
  readonly access_token: string;
  readonly refresh_token?: string;
  readonly id_token?: string;
  readonly token_type?: string;
  /** Further credentials of the same grant, by name (Slack's user token, say). */
  readonly additional?: Readonly<Record<string, string>>;
  /** The provider's answer as received. */
  readonly raw: string;
}

/** Names the row a token set belongs to. */
interface CredentialKey {
  readonly appId: string;
  readonly credentialId: string;
}

/** Where a credential's tokens are sealed (K1). */
export function tokensContext(key: CredentialKey): SealContext {
  return { table: 'credentials', rowId: key.credentialId, appId: key.appId, field: 'tokens' };
}

/** Seals a token set for one credential row. */
export function sealTokens(keyring: Keyring, key: CredentialKey, tokens: StoredTokens): Promise<Buffer> {
  return keyring.seal(tokensContext(key), JSON.stringify(tokens));
}

/** Opens a credential's tokens. @throws OpenError for every cause alike (K8) */
export async function openTokens(
  keyring: Keyring,
  key: CredentialKey,
  sealed: Uint8Array,
): Promise<StoredTokens> {
  return JSON.parse(await keyring.open(tokensContext(key), sealed)) as StoredTokens;
}

/** What is stored of a provider's answer; what the answer leaves out stays as it was (R9). */
export function toStoredTokens(answer: ProviderTokens, previous?: StoredTokens): StoredTokens {
  const refreshToken = answer.refreshToken ?? previous?.refresh_token;
  const idToken = answer.idToken ?? previous?.id_token;
  const tokenType = answer.tokenType ?? previous?.token_type;
  const additional = {
    ...previous?.additional,
    ...Object.fromEntries(
      Object.entries(answer.additional ?? {}).map(([name, tokens]) => [name, tokens.accessToken]),
    ),
  };
  return {
    access_token: answer.accessToken,
    ...(refreshToken === undefined ? {} : { refresh_token: refreshToken }),
    ...(idToken === undefined ? {} : { id_token: idToken }),
    ...(tokenType === undefined ? {} : { token_type: tokenType }),
    ...(Object.keys(additional).length === 0 ? {} : { additional }),
    raw: answer.raw,
  };
}
