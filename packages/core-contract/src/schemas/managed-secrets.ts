import { z } from 'zod';
import { uuidSchema } from '../ids.js';
import { grantPolicyInputSchema } from './connect-session.js';

/** Kinds of managed secrets: how the stored value gets into a request. */
export const secretKinds = ['bearer', 'api_key', 'basic', 'aws_sigv4', 'custom'] as const;
/** One kind of managed secret. */
export type SecretKind = (typeof secretKinds)[number];

/** Slug of a managed secret; `provider_id` of its grants (wire/2 §4.1). */
export const secretSlugSchema = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{0,49}$/, 'must be lower-case letters, digits and dashes, at most 50');

const userToken = z.string().min(1).max(8192);
const label = z.string().min(1).max(255);

/** Whom a grant on a managed secret is for (wire/2 §7.5). */
const principalSchema = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('system'), label: label.nullable().optional() }),
  z.strictObject({ type: z.literal('user'), user_token: userToken, label }),
  z.strictObject({
    type: z.literal('group'),
    external_group_id: z.string().min(1).max(512),
    idp_id: uuidSchema,
    label,
  }),
  z.strictObject({ type: z.literal('agent'), label: label.nullable().optional() }),
]);

/** Body of `POST /sdk/managed-secrets/{managed_secret_id}/grants` (wire/2 §7.5). */
export const createSecretGrantRequestSchema = z.strictObject({
  principal: principalSchema,
  grant_policy: grantPolicyInputSchema.nullable().optional(),
  credential_id: uuidSchema.nullable().optional(),
});
/** Body of that call, parsed. */
export type CreateSecretGrantRequest = z.infer<typeof createSecretGrantRequestSchema>;

/** Answer of that call; `label` is there also when it is null. */
export const createSecretGrantResponseSchema = z.object({
  grant_id: uuidSchema,
  principal_type: z.enum(['user', 'group', 'system', 'agent']),
  label: z.string().nullable(),
  created_at: z.string(),
  credential_id: uuidSchema.optional(),
});

/** Body of `POST /sdk/managed-secrets/connect/session` (wire/2 §4.1). */
export const secretSessionRequestSchema = z.strictObject({
  provider: secretSlugSchema.optional(),
  template_slug: z
    .string()
    .regex(/^[A-Za-z0-9-]{1,64}$/, 'must be letters, digits and dashes')
    .toLowerCase()
    .optional(),
  agent: z.string().min(1).max(255).optional(),
  delegated_agent_id: z.string().min(1).max(255).optional(),
  user_token: userToken,
  requested_ttl_seconds: z.int().min(1).max(315_360_000).optional(),
  allowed_origin: z.string().max(2048).nullable().optional(),
  return_url: z.string().max(2048).nullable().optional(),
  allow_user_policy_rules: z.boolean().optional(),
  delegable: z.boolean().optional(),
  requested_grant: z.strictObject({ label }).nullable().optional(),
  grant_policy: grantPolicyInputSchema.nullable().optional(),
  direct: z.boolean().optional(),
  repair_grant_id: uuidSchema.nullable().optional(),
});
/** Body of that call, parsed. */
export type SecretSessionRequest = z.infer<typeof secretSessionRequestSchema>;

/** Answer of that call (wire/2 §4.2); every field is always there. */
export const secretSessionResponseSchema = z.object({
  session_token: z.string().min(1),
  connect_url: z.string().min(1),
  expires_in: z.int().min(0),
  expires_at: z.string().min(1),
  /** What the page does: offers a grant that works already, asks for a key, or replaces the key of a grant. */
  path: z.enum(['fast_path', 'key_entry', 'repair']),
  secret_slug: z.string(),
  existing_grant_id: uuidSchema.nullable(),
  template_slug: z.string().nullable(),
  agent_id: z.string().nullable(),
  delegable_requested: z.boolean(),
  direct: z.boolean(),
});
/** Answer of that call, parsed. */
export type SecretSessionResponse = z.infer<typeof secretSessionResponseSchema>;

/** Body of `POST /sdk/grants/{source_grant_id}/mint` (wire/2 §7.2). */
export const mintGrantRequestSchema = z.strictObject({
  label,
  grant_policy: z
    .strictObject({
      expires_at: grantPolicyInputSchema.shape.expires_at,
      max_ttl_seconds: grantPolicyInputSchema.shape.max_ttl_seconds,
      proxy_only: grantPolicyInputSchema.shape.proxy_only,
      restrictions: z.unknown().optional(),
      requires_approval: z.unknown().optional(),
    })
    .nullable()
    .optional(),
  grant_tags: z.array(z.string().min(1).max(255)).max(50).nullable().optional(),
});
/** Body of that call, parsed. */
export type MintGrantRequest = z.infer<typeof mintGrantRequestSchema>;

/** Answer of that call: the new grant. */
export const mintGrantResponseSchema = z.object({
  grant_id: uuidSchema,
  provider_id: z.string(),
  status: z.string(),
  created_at: z.string(),
  principal_type: z.enum(['user', 'group', 'system', 'agent']),
  scopes: z.array(z.string()),
  account_identifier: z.string().nullable(),
  account_display_name: z.string().nullable(),
  scope_mismatch: z.boolean(),
  expires_at: z.string().nullable(),
  last_used_at: z.string().nullable(),
  label: z.string(),
  credential_id: uuidSchema.optional(),
  grant_policy: z
    .object({ expires_at: z.string(), created_by: z.string(), created_at: z.string() })
    .optional(),
});
/** The new grant, parsed. */
export type MintedGrant = z.infer<typeof mintGrantResponseSchema>;
