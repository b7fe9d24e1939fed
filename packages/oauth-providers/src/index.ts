export { type AccountIdentity, parseAccount } from './account/account-identity.js';
export { buildLookupRequest, type LookupChoice, parseLookupResponse } from './account/post-connect-lookup.js';
export { buildUserinfoRequest, parseUserinfoResponse, placeToken } from './account/userinfo.js';
export { type AuthorizationUrlInput, buildAuthorizationUrl } from './authorization/authorization-url.js';
export { type CallbackResult, parseCallback } from './authorization/callback.js';
export { findMissingScopes, mergeScopes } from './authorization/scopes.js';
export {
  type ProviderDefinition,
  type ProviderOverrides,
  providerDefinitionSchema,
  providerIdSchema,
  providerOverridesSchema,
} from './definition/definition-schema.js';
export {
  type DefinitionIssue,
  findProvider,
  listProviders,
  ProviderDefinitionError,
  resolveProviderDefinition,
} from './definition/resolve-definition.js';
export { allowedApiHosts, listApiBaseUrls } from './location/api-hosts.js';
export {
  expandUrlParams,
  type UrlParams,
  type UrlParamsCheck,
  validateUrlParams,
} from './location/url-params.js';
export { buildRevocationRequests, parseRevocationResponse } from './revocation/revocation.js';
export { findSecretTemplate, listSecretTemplates } from './secret-templates/list.js';
export type { SecretPlacement, SecretTemplate } from './secret-templates/secret-template.js';
export type { ProviderClient } from './token/client-authentication.js';
export type { ProviderRequest } from './token/request-shape.js';
export type { ProviderResponse } from './token/response-body.js';
export type { FailureKind, ProviderFailure } from './token/token-failure.js';
export { buildTokenRequest, type TokenGrant } from './token/token-request.js';
export {
  type AdditionalTokens,
  type ProviderTokens,
  parseTokenResponse,
  type TokenResponseResult,
} from './token/token-response.js';
