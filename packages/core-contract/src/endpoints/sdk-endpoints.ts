import { auditReceiptSchema } from '../audit/audit-receipt.js';
import { providerCatalogResponseSchema, scopesResponseSchema } from '../schemas/catalog.js';
import {
  connectPollRequestSchema,
  connectPollResponseSchema,
  connectSessionRequestSchema,
  connectSessionResponseSchema,
} from '../schemas/connect-session.js';
import {
  listGrantsRequestSchema,
  listGrantsResponseSchema,
  revokeGrantRequestSchema,
  revokeGrantResponseSchema,
} from '../schemas/grants.js';
import { verifyTokenRequestSchema, verifyTokenResponseSchema } from '../schemas/identity.js';
import {
  createSecretGrantRequestSchema,
  createSecretGrantResponseSchema,
  mintGrantRequestSchema,
  mintGrantResponseSchema,
  secretSessionRequestSchema,
  secretSessionResponseSchema,
} from '../schemas/managed-secrets.js';
import {
  proxyRequestSchema,
  proxyResponseSchema,
  proxyStreamRequestSchema,
  proxyStreamResponseSchema,
} from '../schemas/proxy.js';
import {
  auditCallRequestSchema,
  auditCallResponseSchema,
  scopeMismatchReportSchema,
  tokenRequestSchema,
  tokenResponseSchema,
} from '../schemas/token.js';
import { defineEndpoint } from './endpoint.js';

/** What can stand between a grant and its use. */
const useErrors = [
  'grant_not_found',
  'grant_revoked',
  'grant_expired',
  'credential_revoked',
  'scope_mismatch',
  'ambiguous_grant',
  'jwt_validation_error',
  'time_window',
  'ip_allowlist',
  'policy_unknown_rule',
  'policy_malformed',
  'policy_evaluation_failed',
  'token_refresh_in_progress',
  'provider_not_configured',
  'provider_configuration_unavailable',
  'provider_unavailable',
  'blocked_destination',
  'audit_unavailable',
] as const;

/** What can go wrong with a call that the vault makes itself. */
const proxyErrors = [
  'header_not_allowed',
  'query_too_long',
  'provider_unreachable',
  'provider_call_failed',
  'credential_echoed',
  'provider_timeout',
] as const;

/** The signed endpoints that SDKs call. */
export const sdkEndpoints = {
  createConnectSession: defineEndpoint({
    name: 'createConnectSession',
    method: 'POST',
    path: '/sdk/oauth/connect/session',
    access: 'key',
    scope: 'connect:initiate',
    summary: 'Makes a connect session: a short-lived token and the address of the hosted page.',
    request: connectSessionRequestSchema,
    response: connectSessionResponseSchema,
    errors: [
      'invalid_origin',
      'invalid_return_url',
      'scope_not_allowed',
      'jwt_validation_error',
      'grant_not_found',
      'unknown_provider',
      'provider_not_configured',
      'invalid_grant_policy',
    ],
    notSupportedYet: ['agent', 'delegable', 'scope_constraint', 'requested_grant.restrictions'],
  }),
  pollConnectSession: defineEndpoint({
    name: 'pollConnectSession',
    method: 'POST',
    path: '/sdk/oauth/connect/session/poll',
    access: 'key',
    scope: 'connect:initiate',
    summary: 'Tells how a connect session stands. An unknown or foreign token is answered as expired.',
    request: connectPollRequestSchema,
    response: connectPollResponseSchema,
  }),
  retrieveToken: defineEndpoint({
    name: 'retrieveToken',
    method: 'POST',
    path: '/sdk/token',
    access: 'key',
    scope: 'tokens:retrieve',
    summary:
      'Releases a fresh credential for one call, after the rules have passed and the call is on record.',
    request: tokenRequestSchema,
    response: tokenResponseSchema,
    errors: [...useErrors, 'restricted_grant_requires_proxy'],
    notSupportedYet: ['app_user_id'],
  }),
  proxyCall: defineEndpoint({
    name: 'proxyCall',
    method: 'POST',
    path: '/sdk/proxy',
    access: 'key',
    scope: 'proxy:execute',
    summary:
      'Calls the provider with a fresh credential, which does not leave the vault, and answers what the provider answered.',
    request: proxyRequestSchema,
    response: proxyResponseSchema,
    errors: [...useErrors, ...proxyErrors],
    notSupportedYet: ['app_user_id'],
  }),
  recordApiCall: defineEndpoint({
    name: 'recordApiCall',
    method: 'POST',
    path: '/sdk/oauth/audit/api-call',
    access: 'key',
    scope: 'audit:emit',
    summary: 'Records the outcome of a provider call that was made with a released credential.',
    request: auditCallRequestSchema,
    response: auditCallResponseSchema,
    errors: ['grant_not_found', 'audit_unavailable'],
  }),
  getAuditReceipt: defineEndpoint({
    name: 'getAuditReceipt',
    method: 'GET',
    path: '/sdk/audit/receipts/{record_id}',
    access: 'key',
    scope: 'grants:read',
    summary:
      "Proves that one of the app's audit records is in the log: the record, its place, and a signed checkpoint.",
    request: null,
    response: auditReceiptSchema,
    errors: ['audit_record_not_found', 'receipt_pending'],
  }),
  reportScopeMismatch: defineEndpoint({
    name: 'reportScopeMismatch',
    method: 'POST',
    path: '/sdk/grants/{grant_id}/report-scope-mismatch',
    access: 'key',
    scope: 'audit:emit',
    summary:
      'Reports that the provider refused a call for want of a scope; the grant asks for reconnection from then on.',
    request: scopeMismatchReportSchema,
    response: null,
    successStatus: 204,
    errors: ['grant_not_found'],
  }),
  listGrants: defineEndpoint({
    name: 'listGrants',
    method: 'POST',
    path: '/sdk/grants/list',
    access: 'key',
    scope: 'grants:read',
    summary: "Lists the app's grants, or those of one user when a user token is given.",
    request: listGrantsRequestSchema,
    response: listGrantsResponseSchema,
    errors: ['jwt_validation_error'],
  }),
  revokeGrant: defineEndpoint({
    name: 'revokeGrant',
    method: 'POST',
    path: '/sdk/oauth/grants/{grant_id}/revoke',
    access: 'key',
    scope: 'grants:write',
    summary: 'Takes a grant back at once, and revokes the credential at the provider where the provider can.',
    request: revokeGrantRequestSchema,
    response: revokeGrantResponseSchema,
    errors: ['grant_not_found', 'jwt_validation_error'],
  }),
  mintGrant: defineEndpoint({
    name: 'mintGrant',
    method: 'POST',
    path: '/sdk/grants/{grant_id}/mint',
    access: 'key',
    scope: 'grants:write',
    summary:
      'Makes another grant on the credential of a grant, for the same principal, under a label of its own.',
    request: mintGrantRequestSchema,
    response: mintGrantResponseSchema,
    errors: [
      'grant_not_found',
      'grant_expired',
      'mint_source_has_grant_rules',
      'sibling_label_conflict',
      'invalid_grant_policy',
    ],
    notSupportedYet: ['grant_policy.restrictions', 'grant_policy.requires_approval'],
  }),
  createSecretGrant: defineEndpoint({
    name: 'createSecretGrant',
    method: 'POST',
    path: '/sdk/managed-secrets/{managed_secret_id}/grants',
    access: 'key',
    scope: 'grants:write',
    summary: 'Grants a managed secret to the app itself, to a user, or to a group of the identity provider.',
    request: createSecretGrantRequestSchema,
    response: createSecretGrantResponseSchema,
    errors: [
      'secret_not_found',
      'secret_not_stored',
      'credential_id_required',
      'end_user_credential_not_assignable',
      'mint_source_has_grant_rules',
      'sibling_label_conflict',
      'invalid_grant_policy',
      'jwt_validation_error',
    ],
  }),
  createSecretSession: defineEndpoint({
    name: 'createSecretSession',
    method: 'POST',
    path: '/sdk/managed-secrets/connect/session',
    access: 'key',
    scope: 'connect:initiate',
    summary: 'Makes a session in which a user enters a key of their own on the hosted page.',
    request: secretSessionRequestSchema,
    response: secretSessionResponseSchema,
    errors: [
      'secret_not_found',
      'secret_template_mismatch',
      'grant_not_found',
      'sibling_label_conflict',
      'invalid_origin',
      'invalid_return_url',
      'invalid_grant_policy',
      'jwt_validation_error',
    ],
    notSupportedYet: ['agent', 'delegated_agent_id', 'delegable', 'requested_ttl_seconds'],
  }),
  verifyUserToken: defineEndpoint({
    name: 'verifyUserToken',
    method: 'POST',
    path: '/sdk/auth/verify-token',
    access: 'key',
    scope: 'idp_users:read',
    summary: "Checks a user token against the app's identity provider and answers its subject.",
    request: verifyTokenRequestSchema,
    response: verifyTokenResponseSchema,
    errors: ['jwt_validation_error'],
  }),
  listProviders: defineEndpoint({
    name: 'listProviders',
    method: 'GET',
    path: '/sdk/oauth/provider-catalog',
    access: 'key',
    scope: 'providers:read',
    summary: "Lists the catalogue's providers and the app's own.",
    request: null,
    response: providerCatalogResponseSchema,
  }),
  listScopes: defineEndpoint({
    name: 'listScopes',
    method: 'GET',
    path: '/sdk/scopes',
    access: 'key',
    summary: 'Lists the scopes that an API key can have.',
    request: null,
    response: scopesResponseSchema,
  }),
} as const;

/**
 * Signed endpoints whose bodies are a line of JSON, a line feed, and then bytes of any number, both ways. Ours, beside the wire. The
 * signature covers the first line.
 */
export const streamEndpoints = {
  proxyStream: defineEndpoint({
    name: 'proxyStream',
    method: 'POST',
    path: '/sdk/proxy/stream',
    access: 'key',
    scope: 'proxy:execute',
    summary: 'Like /sdk/proxy, for bodies of any size both ways, which pass through without being kept.',
    request: proxyStreamRequestSchema,
    response: proxyStreamResponseSchema,
    errors: [...useErrors, ...proxyErrors],
    notSupportedYet: ['app_user_id'],
  }),
} as const;

/** Content type of bodies of {@link streamEndpoints}. */
export const streamContentType = 'application/vnd.alter.stream';
