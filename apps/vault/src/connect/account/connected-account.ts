import type { StoredTokens } from '../../grants/stored-tokens.js';

/** One account as it came back from its provider: who it is, and its tokens. Secret; only ever stored sealed. */
export interface ConnectedAccount {
  readonly providerId: string;
  readonly providerConfigId: string;
  readonly issuer: string;
  readonly subject: string;
  readonly accountIdentifier: string;
  readonly accountDisplayName: string | null;
  readonly accountEmail: string | null;
  readonly scopes: readonly string[];
  /** What goes into `credentials.sealed_tokens`. */
  readonly tokens: StoredTokens;
  readonly accessExpiresAtMs: number | null;
  readonly refreshExpiresAtMs: number | null;
  /** Chosen fields of the token answer; nothing secret. */
  readonly metadata: Readonly<Record<string, string>>;
  /** Parameters given on the connect page. */
  readonly parameters: Readonly<Record<string, string>>;
  /** Lifetime that the user picked on the page. */
  readonly chosenLifetimeSeconds: number | null;
}
