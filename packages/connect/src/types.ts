/** A connected account as the connect page reports it (wire/4, success message). */
export interface Grant {
  grant_id: string;
  provider: string;
  provider_name: string;
  account_identifier: string;
  /** ISO 8601. */
  timestamp: string;
  operation: 'creation' | 'reauth';
  scopes: string[];
  status: 'active' | 'pending' | 'error';
  metadata?: { account_display_name?: string; account_email?: string; [key: string]: unknown };
}

/** A grant with the camelCase spelling of its wire names beside them. */
export interface ConnectedGrant extends Grant {
  grantId: string;
  providerName: string;
  accountIdentifier: string;
}

/** Every grant of the session; the array itself also answers for its first grant, so both `for (const g of grants)` and `grants.accountIdentifier` work. */
export type ConnectedGrants = ConnectedGrant[] & Readonly<ConnectedGrant>;

/**
 * What `onError` and a rejected `open()` receive. Codes of the library: `sdk_destroyed`, `invalid_options`,
 * `popup_blocked`, `redirect_error`, `token_error`, `invalid_response`, `oauth_error`, `session_expired`;
 * any other code comes from the vault.
 */
export interface AlterError {
  code: string;
  message: string;
  details?: Record<string, unknown>;
}

export interface AlterConnectConfig {
  /** Log each step to the browser's console. */
  debug?: boolean;
  /** Address of the vault for every `open()` of this instance; a session token of this vault carries it already. */
  baseURL?: string;
}

/** A value, a promise of it, or a function that gives either; the window opens before it is awaited. */
export type Awaitable<T> = T | PromiseLike<T> | (() => T | PromiseLike<T>);

interface OpenHandlers {
  /** Address of the vault; only its origin counts for messages. */
  baseURL?: string;
  onSuccess: (grants: ConnectedGrants) => void;
  /** The user left without connecting, and the vault agrees. */
  onExit?: () => void;
  /** `popup_blocked` is not the end: a link to continue is on the page, and a result may follow. */
  onError?: (error: AlterError) => void;
  onEvent?: (eventName: string, metadata: Record<string, unknown>) => void;
  /** Closes the window and rejects the promise of `open()`. */
  signal?: AbortSignal;
}

/** Options of `open()`: the session token, or the session's `connect_url`, one of the two. */
export type OpenOptions = OpenHandlers &
  ({ token: Awaitable<string>; url?: never } | { url: Awaitable<string>; token?: never });

/** What each event of `on()` hands to its handlers. */
export interface AlterConnectEvents {
  success: [grants: ConnectedGrants];
  error: [error: AlterError];
  exit: [];
  close: [];
  event: [eventName: string, metadata: Record<string, unknown>];
}

/** How a session ended. */
export type Outcome =
  | { name: 'success'; value: ConnectedGrants }
  | { name: 'error'; value: AlterError }
  | { name: 'exit'; value?: never };
