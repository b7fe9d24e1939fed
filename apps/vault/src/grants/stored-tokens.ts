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

/** What a call releases of a token set. */
export type ReleasedTokens = Pick<StoredTokens, 'access_token' | 'token_type' | 'additional'>;

/**
 * Seals a token set for one credential row: what calls release on a line of its own before the rest, so that releasing it does not
 * mean to read the provider's whole answer. A set sealed before this form was one JSON object on one line.
 */
export function sealTokens(keyring: Keyring, key: CredentialKey, tokens: StoredTokens): Promise<Buffer> {
  const { access_token, token_type, additional, ...rest } = tokens;
  const released: ReleasedTokens = {
    access_token,
    ...(token_type === undefined ? {} : { token_type }),
    ...(additional === undefined ? {} : { additional }),
  };
  return keyring.seal(tokensContext(key), `${JSON.stringify(released)}\n${JSON.stringify(rest)}`);
}

/** Opens a credential's tokens. @throws OpenError for every cause alike (K8) */
export async function openTokens(
  keyring: Keyring,
  key: CredentialKey,
  sealed: Uint8Array,
): Promise<StoredTokens> {
  const text = await keyring.open(tokensContext(key), sealed);
  // JSON as it is written here has no line feed of its own.
  const lines = text.split('\n').map((line) => JSON.parse(line) as Partial<StoredTokens>);
  return Object.assign({}, ...lines) as StoredTokens;
}

/** Opens what a call releases of them. @throws OpenError for every cause alike (K8) */
export async function openReleasedTokens(
  keyring: Keyring,
  key: CredentialKey,
  sealed: Uint8Array,
): Promise<ReleasedTokens> {
  const text = await keyring.open(tokensContext(key), sealed);
  const end = text.indexOf('\n');
  return JSON.parse(end === -1 ? text : text.slice(0, end)) as ReleasedTokens;
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
