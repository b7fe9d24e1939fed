import type { SealContext } from '@alter-ai/core-crypto';
import type { ProviderTokens } from '@alter-ai/oauth-providers';
import type { Keyring } from '../keys/keyring.js';

/** What `credentials.sealed_tokens` holds once opened: the tokens, and the whole answer they came from. */
export interface StoredTokens {
  readonly access_token: string;
  /** When the access token ends, ms since 1970; the row has the first end of all. */
  readonly expires_at?: number;
  readonly refresh_token?: string;
  readonly id_token?: string;
  readonly token_type?: string;
  /** Further credentials of the same grant, by name (Slack's user token, say). */
  readonly additional?: Readonly<Record<string, string>>;
  /** What renews those of them that have a refresh token of their own. */
  readonly additional_renewals?: Readonly<Record<string, AdditionalRenewal>>;
  /** The provider's answer as received. */
  readonly raw: string;
}

/** What renews an additional credential. */
export interface AdditionalRenewal {
  readonly refresh_token: string;
  /** Ms since 1970. */
  readonly expires_at?: number;
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
    ...renameOwn(previous, answer.accessToken),
    ...mapEntries(answer.additional, (tokens) => tokens.accessToken),
  };
  const renewals = { ...previous?.additional_renewals, ...readRenewals(answer) };
  return {
    access_token: answer.accessToken,
    ...(answer.expiresAtMs === undefined ? {} : { expires_at: answer.expiresAtMs }),
    ...(refreshToken === undefined ? {} : { refresh_token: refreshToken }),
    ...(idToken === undefined ? {} : { id_token: idToken }),
    ...(tokenType === undefined ? {} : { token_type: tokenType }),
    ...(Object.keys(additional).length === 0 ? {} : { additional }),
    ...(Object.keys(renewals).length === 0 ? {} : { additional_renewals: renewals }),
    raw: answer.raw,
  };
}

/** What is stored once an additional credential was refreshed on its own; the answer's top level is about that one alone. */
export function replaceAdditional(
  previous: StoredTokens,
  name: string,
  answer: ProviderTokens,
): StoredTokens {
  const refreshToken = answer.refreshToken ?? previous.additional_renewals?.[name]?.refresh_token;
  return {
    ...previous,
    additional: { ...previous.additional, [name]: answer.accessToken },
    additional_renewals: {
      ...previous.additional_renewals,
      ...(refreshToken === undefined ? {} : { [name]: describeRenewal({ ...answer, refreshToken }) }),
    },
  };
}

/** When the first of the tokens ends that a refresh would replace, ms since 1970; null when none does. */
export function findFirstEnd(tokens: StoredTokens): number | null {
  const ends = [tokens.expires_at, ...listRenewals(tokens).map(([, renewal]) => renewal.expires_at)];
  const known = ends.filter((end) => end !== undefined);
  return known.length === 0 ? null : Math.min(...known);
}

/** The additional credentials that are refreshed on their own: only beside a first one that is refreshed too. */
export function listRenewals(tokens: StoredTokens): [string, AdditionalRenewal][] {
  return tokens.refresh_token === undefined ? [] : Object.entries(tokens.additional_renewals ?? {});
}

function readRenewals(answer: ProviderTokens): Record<string, AdditionalRenewal> {
  return Object.fromEntries(
    Object.entries(answer.additional ?? {}).flatMap(([name, { accessToken, refreshToken, expiresAtMs }]) =>
      // Asked for alone it is the first credential itself, and is refreshed as that.
      refreshToken === undefined || accessToken === answer.accessToken
        ? []
        : [[name, describeRenewal({ refreshToken, ...(expiresAtMs === undefined ? {} : { expiresAtMs }) })]],
    ),
  );
}

function describeRenewal(given: { refreshToken: string; expiresAtMs?: number }): AdditionalRenewal {
  return {
    refresh_token: given.refreshToken,
    ...(given.expiresAtMs === undefined ? {} : { expires_at: given.expiresAtMs }),
  };
}

/** An additional credential that is the first one under another name stays that. */
function renameOwn(previous: StoredTokens | undefined, accessToken: string): Record<string, string> {
  return mapEntries(previous?.additional, (token) =>
    token === previous?.access_token ? accessToken : token,
  );
}

function mapEntries<T>(
  values: Readonly<Record<string, T>> | undefined,
  map: (value: T) => string,
): Record<string, string> {
  return Object.fromEntries(Object.entries(values ?? {}).map(([name, value]) => [name, map(value)]));
}
