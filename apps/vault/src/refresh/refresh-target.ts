import type { AppSettings, ProviderSettings } from '../settings/settings-reader.js';

/** A credential that is to be refreshed, and what is needed to ask its provider. */
export interface RefreshTarget {
  readonly appId: string;
  readonly credentialId: string;
  /** The grant it is refreshed for; for records and errors. */
  readonly grantId: string;
  /** Connect parameters of the grant: some token endpoints depend on them. */
  readonly parameters: Readonly<Record<string, string>>;
  readonly provider: ProviderSettings;
  readonly settings: AppSettings;
}

/** How an attempt ended. `usableUntilMs`: until when the stored access token can be used nevertheless (R8). */
export type RefreshOutcome =
  /** There is a fresh token now. */
  | { readonly kind: 'fresh' }
  /** The row is no more: the grant has another credential. */
  | { readonly kind: 'gone' }
  /** Only the user can repair it. */
  | { readonly kind: 'dead'; readonly cause: string; readonly usableUntilMs: number }
  /** Somebody is at it, or the provider's word is not final yet (R6). */
  | { readonly kind: 'busy'; readonly retryAtMs: number; readonly usableUntilMs: number }
  /** The provider does not answer usably (R8). */
  | { readonly kind: 'unavailable'; readonly retryAtMs: number; readonly usableUntilMs: number }
  /** The provider refuses the app's own credentials (R7). */
  | {
      readonly kind: 'breaker_open';
      readonly code: string;
      readonly retryAtMs: number;
      readonly usableUntilMs: number;
    };
