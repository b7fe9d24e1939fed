export { App, App as AlterVault } from './app.js';
export type { RequestOptions } from './calls/request-options.js';
export type { QueryParams, QueryValue } from './calls/target-url.js';
export type { ConnectOptions } from './connect/connect.js';
export type { ConnectResult, GrantPolicy } from './connect/connect-result.js';
export type { ConnectSession, RepairableError } from './connect/create-session.js';
export type { ConnectEvent, PollOptions } from './connect/poll-session.js';
export type { ConnectSessionOptions, GrantPolicyInput } from './connect/session-options.js';
export { AlterSDKError, AlterValueError } from './errors/alter-sdk-error.js';
export { BackendError } from './errors/backend-error.js';
export {
  ConnectConfigError,
  ConnectDeniedError,
  ConnectFlowError,
  ConnectTimeoutError,
} from './errors/connect-errors.js';
export {
  AmbiguousGrantError,
  CredentialIdRequiredError,
  CredentialRevokedError,
  EndUserCredentialNotAssignableError,
  type GrantCandidate,
  GrantDeletedError,
  GrantExpiredError,
  GrantNotFoundError,
  GrantRevokedError,
  ReAuthRequiredError,
  SiblingLabelConflictError,
  TokenRefreshInProgressError,
} from './errors/grant-errors.js';
export {
  InsufficientScopeError,
  InvalidKeyError,
  KeyExpiredError,
  KeyRevokedError,
} from './errors/key-errors.js';
export { NetworkError, TimeoutError } from './errors/network-errors.js';
export {
  CredentialEchoedError,
  ProviderAPIError,
  ProviderTimeoutError,
  ProviderUnauthorizedError,
  ProviderUnreachableError,
  ProxyCallFailedError,
  ScopeReauthRequiredError,
} from './errors/provider-errors.js';
export {
  BlockedDestinationError,
  PolicyViolationError,
  RateLimitError,
  RestrictedGrantRequiresProxyError,
} from './errors/refusal-errors.js';
export type {
  GrantFilter,
  GrantInfo,
  GrantPage,
  ListGrantsOptions,
  ManagedSecretInfo,
} from './grants/list-grants.js';
export type { MintedGrant, MintGrantOptions } from './grants/mint-grant.js';
export type { RevokeGrantOptions, RevokeGrantResult } from './grants/revoke-grant.js';
export { HttpMethod } from './http-method.js';
export type { ProviderInfo, ProviderScope } from './lookups/list-providers.js';
export type { KeyScopeCatalog } from './lookups/list-scopes.js';
export type { AlterLogger, AppOptions, UserTokenGetter } from './options/client-options.js';
export type { EitherSpelling } from './options/option-names.js';
export { Provider } from './provider.js';
export { ProxyResult } from './proxy/proxy-result.js';
export type { ProxyStreamOptions } from './proxy/proxy-stream.js';
export type { KeySession, KeySessionOptions } from './secrets/create-key-session.js';
export type { CreatedGrant, SecretGrantOptions, SecretPrincipal } from './secrets/create-secret-grant.js';
export type { RateLimit } from './vault/vault-client.js';
