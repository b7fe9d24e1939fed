export {
  type AuditReceipt,
  auditReceiptSchema,
  checkpointChainSchema,
  checkpointNoteSchema,
  checkpointSignatureSchema,
} from './audit/audit-receipt.js';
export { type Endpoint, type EndpointAccess, generalErrors, keyErrors } from './endpoints/endpoint.js';
export { buildOpenApiDocument, endpoints, listEndpointErrors } from './endpoints/openapi.js';
export { pageEndpoints, serverEndpoints } from './endpoints/page-endpoints.js';
export { sdkEndpoints, streamContentType, streamEndpoints } from './endpoints/sdk-endpoints.js';
export {
  type ConnectErrorCode,
  connectErrorTable,
  documentationPath,
  type ErrorBody,
  type ErrorCode,
  errorBodySchema,
  errorCodes,
  errorTable,
  type UserAction,
} from './errors.js';
export {
  connectionHeaders,
  contextLimits,
  forbiddenInjectionHeaders,
  headerNames,
  isReservedCallHeader,
  signatureSkewSecondsMax,
} from './headers.js';
export {
  type ActorId,
  type ApiKeyId,
  type AppId,
  type ConnectSessionId,
  type CredentialId,
  type GrantId,
  type ProviderId,
  providerIdSchema,
  type UserId,
  uuidSchema,
} from './ids.js';
export {
  type CatalogProvider,
  providerCatalogResponseSchema,
  scopesResponseSchema,
} from './schemas/catalog.js';
export {
  type ConnectParameter,
  type ConnectProvider,
  type ConnectView,
  connectViewSchema,
  type KeyEntry,
  pageAuthorizeRequestSchema,
  pageHandleRequestSchema,
  pageOpenRequestSchema,
  pageResolveMismatchRequestSchema,
  pageUseExistingRequestSchema,
} from './schemas/connect-page.js';
export {
  type ConnectPollResponse,
  type ConnectResult,
  type ConnectSessionRequest,
  type ConnectStatusResponse,
  connectPollResponseSchema,
  connectSessionRequestSchema,
  connectStatusRequestSchema,
  grantPolicyInputSchema,
  type PostedGrant,
  postedGrantSchema,
} from './schemas/connect-session.js';
export {
  type GrantItem,
  type ListGrantsRequest,
  listGrantsResponseSchema,
  type OauthGrantItem,
  type ProviderRevocation,
  type SecretGrantItem,
} from './schemas/grants.js';
export {
  type CreateSecretGrantRequest,
  type MintedGrant,
  type MintGrantRequest,
  type SecretKind,
  type SecretSessionRequest,
  type SecretSessionResponse,
  secretKinds,
  secretSlugSchema,
} from './schemas/managed-secrets.js';
export {
  type ProxyRequest,
  type ProxyResponse,
  type ProxyStreamRequest,
  type ProxyStreamResponse,
  proxyResponseSchema,
  proxyStreamRequestSchema,
  proxyStreamResponseSchema,
} from './schemas/proxy.js';
export {
  type AuditCallRequest,
  type ScopeMismatchReport,
  type TokenRequest,
  type TokenResponse,
  tokenResponseSchema,
} from './schemas/token.js';
export { type KeyScope, keyScopeSchema, keyScopes, scopeVersion } from './scopes.js';
