import { z } from 'zod';
import { uuidSchema } from '../ids.js';

/** Body of `POST /sdk/grants/list` (wire/2 §6). */
export const listGrantsRequestSchema = z.strictObject({
  limit: z.int().min(1).max(1000).default(100),
  offset: z.int().min(0).max(1_000_000).default(0),
  provider_id: z.string().min(1).max(255).optional(),
  status: z.string().min(1).max(64).optional(),
  account: z.string().min(1).max(512).optional(),
  label: z.string().min(1).max(255).optional(),
  user_token: z.string().min(1).max(8192).optional(),
});
/** Body of the list call, parsed. */
export type ListGrantsRequest = z.infer<typeof listGrantsRequestSchema>;

/** Lifetime of a grant as it is shown. */
export const grantPolicySchema = z.object({
  expires_at: z.string().optional(),
  created_by: z.enum(['developer', 'end_user']).optional(),
  created_at: z.string().optional(),
});

/** When and why a grant will need its user, as far as can be foretold; ours, beside the wire. */
export const grantForecastSchema = z.object({
  /** Null: now. */
  needs_user_at: z.string().nullable(),
  cause: z.enum([
    'credential_dead',
    'scope_mismatch',
    'grant_lifetime',
    'no_refresh_token',
    'refused_once',
    'refresh_token_expiry',
    'refresh_token_lifetime',
    'refresh_token_idle',
  ]),
  confidence: z.enum(['certain', 'high', 'medium']),
});

/** One OAuth grant in a list (wire/2 §6.1). */
export const oauthGrantItemSchema = z.object({
  grant_kind: z.literal('oauth'),
  grant_id: uuidSchema,
  provider_id: z.string(),
  status: z.enum(['active', 'expired', 'revoked', 'needs_reauth']),
  created_at: z.string(),
  principal_type: z.enum(['user', 'system', 'agent']),
  access_via: z.literal('ownership'),
  scopes: z.array(z.string()),
  account_identifier: z.string().nullable(),
  account_display_name: z.string().nullable(),
  api_base_url: z.string().optional(),
  scope_mismatch: z.boolean(),
  needs_reconnect: z.boolean(),
  expires_at: z.string().nullable(),
  grant_expires_at: z.string().nullable(),
  last_used_at: z.string().nullable(),
  label: z.string().nullable(),
  /** Null: nothing known will end it. Absent: a vault that tells no forecasts. */
  forecast: grantForecastSchema.nullable().optional(),
  grant_policy: grantPolicySchema.optional(),
  /** Ours, beside the wire: the credential is not released, calls go by proxy. Absent: a vault that does not tell. */
  proxy_only: z.boolean().optional(),
});
/** One OAuth grant in a list, parsed. */
export type OauthGrantItem = z.infer<typeof oauthGrantItemSchema>;

/** One grant on a managed secret in a list (wire/2 §6.1). */
export const secretGrantItemSchema = z.object({
  grant_kind: z.literal('managed_secret'),
  grant_id: uuidSchema,
  managed_secret_id: uuidSchema,
  managed_secret_slug: z.string(),
  managed_secret_name: z.string(),
  status: z.enum(['active', 'expired', 'revoked', 'needs_reauth']),
  created_at: z.string(),
  principal_type: z.enum(['user', 'group', 'system', 'agent']),
  access_via: z.literal('ownership'),
  grant_expires_at: z.string().nullable(),
  last_used_at: z.string().nullable(),
  label: z.string().nullable(),
  credential_id: uuidSchema,
  credential_label: z.string().nullable(),
  credential_kind: z.enum(['developer', 'end_user']),
  grant_policy: grantPolicySchema.optional(),
  /** Ours, beside the wire: the credential is not released, calls go by proxy. Absent: a vault that does not tell. */
  proxy_only: z.boolean().optional(),
});
/** One grant on a managed secret in a list, parsed. */
export type SecretGrantItem = z.infer<typeof secretGrantItemSchema>;

/** One grant in a list: `grant_kind` says which. */
export const grantItemSchema = z.discriminatedUnion('grant_kind', [
  oauthGrantItemSchema,
  secretGrantItemSchema,
]);
/** One grant in a list, parsed. */
export type GrantItem = z.infer<typeof grantItemSchema>;

/** Answer of the list call. */
export const listGrantsResponseSchema = z.object({
  grants: z.array(grantItemSchema),
  total: z.int(),
  limit: z.int(),
  offset: z.int(),
  has_more: z.boolean(),
});

/** Body of `POST /sdk/oauth/grants/{id}/revoke` (wire/2 §7.1). */
export const revokeGrantRequestSchema = z.strictObject({
  reason: z.string().max(2000).nullable().optional(),
  user_token: z.string().min(1).max(8192).optional(),
});
/** Answer of the revoke call; `provider_revocation` is ours, beside the wire. */
export const revokeGrantResponseSchema = z.object({
  success: z.boolean(),
  message: z.string().min(1),
  grant_id: uuidSchema,
  revoked_at: z.string().min(1),
  provider_revocation: z.enum(['confirmed', 'failed', 'not_supported', 'kept_for_other_grants']),
});
/** What happened at the provider when a grant was revoked. */
export type ProviderRevocation = z.infer<typeof revokeGrantResponseSchema>['provider_revocation'];
