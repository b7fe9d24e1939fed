import { z } from 'zod';
import { providerIdSchema, uuidSchema } from '../ids.js';

const originOrUrl = z.string().max(2048);
const lifetimeSeconds = z.int().min(1).max(315_360_000);

/** Lifetime bounds of a new grant; seconds, or a date (decisions.md "`expires_at` on a connect route"). */
export const grantPolicyInputSchema = z.strictObject({
  expires_at: z.iso.datetime({ offset: true }).nullable().optional(),
  max_ttl_seconds: lifetimeSeconds.nullable().optional(),
  default_ttl_seconds: lifetimeSeconds.nullable().optional(),
  /** Ours, beside the wire: the credential does not leave the vault through this grant. */
  proxy_only: z.boolean().nullable().optional(),
});

/** Body of `POST /sdk/oauth/connect/session` (wire/2 §1.1). */
export const connectSessionRequestSchema = z.strictObject({
  allowed_providers: z
    .array(z.string().trim().toLowerCase().pipe(providerIdSchema))
    .min(1)
    .max(300)
    .nullable()
    .optional(),
  return_url: originOrUrl.nullable().optional(),
  allowed_origin: originOrUrl.nullable().optional(),
  metadata: z
    .record(z.string().max(64), z.string().max(2048))
    .refine((map) => JSON.stringify(map).length <= 2048, 'must be at most 2 KB')
    .nullable()
    .optional(),
  direct: z.boolean().optional(),
  switch_account: z.boolean().optional(),
  allow_user_policy_rules: z.boolean().optional(),
  grant_policy: grantPolicyInputSchema.nullable().optional(),
  required_scopes: z
    .record(z.string(), z.array(z.string().min(1).max(512)).max(200))
    .nullable()
    .optional(),
  requested_grant: z
    .strictObject({
      label: z.string().min(1).max(255),
      restrictions: z
        .strictObject({
          allowed_methods: z.array(z.string()).optional(),
          allowed_endpoints: z.array(z.string()).optional(),
        })
        .optional(),
    })
    .nullable()
    .optional(),
  repair_grant_id: uuidSchema.nullable().optional(),
  agent: z.string().min(1).max(255).optional(),
  delegable: z.boolean().optional(),
  scope_constraint: z.array(z.string()).optional(),
  user_token: z.string().min(1).max(8192).nullable().optional(),
});

/** Body of `POST /sdk/oauth/connect/session`, parsed. */
export type ConnectSessionRequest = z.infer<typeof connectSessionRequestSchema>;

/** Answer of `POST /sdk/oauth/connect/session` (wire/2 §1.2). */
export const connectSessionResponseSchema = z.object({
  session_token: z.string().min(1),
  connect_url: z.string().min(1),
  expires_in: z.int().min(0),
  expires_at: z.string().min(1),
  scope_constraint_warnings: z.array(z.string()).optional(),
  single_provider: z.boolean(),
  direct: z.boolean(),
});

/** Body of the poll and of the status endpoint. */
export const connectPollRequestSchema = z.strictObject({ session_token: z.string().min(1).max(4096) });

/** A provider that the user turned down, as the poll tells it. */
export const declinedProviderSchema = z.object({
  provider_id: z.string(),
  error_code: z.string(),
  declined_at: z.string().optional(),
});

/** One connected account in the poll's answer (wire/2 §2.2). */
export const connectResultSchema = z.object({
  grant_id: uuidSchema,
  provider_id: z.string(),
  account_identifier: z.string().nullable().optional(),
  scopes: z.array(z.string()),
  api_base_url: z.string().optional(),
  operation: z.enum(['creation', 'reauth']),
  grant_policy: z
    .object({
      expires_at: z.string().optional(),
      created_by: z.enum(['developer', 'end_user']).optional(),
      created_at: z.string().optional(),
    })
    .optional(),
});

/** Answer of `POST /sdk/oauth/connect/session/poll` (wire/2 §2.1). */
export const connectPollResponseSchema = z.discriminatedUnion('status', [
  z.object({ status: z.literal('pending'), declined_providers: z.array(declinedProviderSchema).optional() }),
  z.object({
    status: z.literal('completed'),
    grants: z.array(connectResultSchema),
    declined_providers: z.array(declinedProviderSchema).optional(),
  }),
  z.object({
    status: z.literal('error'),
    error: z.object({
      error_code: z.string(),
      error_message: z.string(),
      retry_after_seconds: z.int().min(0).optional(),
    }),
  }),
  z.object({ status: z.literal('expired') }),
]);

/** Answer of the poll, parsed. */
export type ConnectPollResponse = z.infer<typeof connectPollResponseSchema>;
/** One connected account, parsed. */
export type ConnectResult = z.infer<typeof connectResultSchema>;

/** One grant as the popup posts it to its opener (wire/4 "success"). */
export const postedGrantSchema = z.object({
  grant_id: uuidSchema,
  provider: z.string(),
  provider_name: z.string(),
  account_identifier: z.string(),
  timestamp: z.string(),
  operation: z.enum(['creation', 'reauth']),
  scopes: z.array(z.string()),
  status: z.enum(['active', 'pending', 'error']),
  metadata: z
    .object({ account_display_name: z.string().optional(), account_email: z.string().optional() })
    .optional(),
});

/** One grant as the popup posts it. */
export type PostedGrant = z.infer<typeof postedGrantSchema>;

/** Body of `POST /sdk/oauth/connect/status`: long poll of up to 25 s by the page that opened the popup. */
export const connectStatusRequestSchema = z.strictObject({
  session_token: z.string().min(1).max(4096),
  wait_ms: z.int().min(0).max(25_000).optional(),
});

/** Answer of `POST /sdk/oauth/connect/status`; `grants` is the very array that would be posted. */
export const connectStatusResponseSchema = z.object({
  status: z.enum(['pending', 'completed', 'error', 'expired']),
  grants: z.array(postedGrantSchema).optional(),
  error: z.object({ code: z.string(), message: z.string() }).optional(),
});

/** Answer of the status endpoint, parsed. */
export type ConnectStatusResponse = z.infer<typeof connectStatusResponseSchema>;
