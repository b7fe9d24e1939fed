import { z } from 'zod';
import { contextLimits } from '../headers.js';
import { uuidSchema } from '../ids.js';

/** `reason` of a call: up to 2,000 characters of any kind. */
export const reasonSchema = z.string().max(2000).nullable().optional();

/** Body of `POST /sdk/token` (wire/1 §5.2). */
export const tokenRequestSchema = z
  .strictObject({
    grant_id: z.string().max(255).optional(),
    provider_id: z.string().max(255).optional(),
    reason: reasonSchema,
    request: z.strictObject({ method: z.string().min(1).max(32), url: z.string().min(1).max(65_536) }),
    user_token: z.string().min(1).max(8192).nullable().optional(),
    app_user_id: z.string().max(255).nullable().optional(),
    account: z.string().max(512).nullable().optional(),
    label: z.string().max(255).nullable().optional(),
  })
  .refine((body) => (body.grant_id === undefined) !== (body.provider_id === undefined), {
    message: 'exactly one of grant_id and provider_id is needed',
    path: ['grant_id'],
  });

/** Body of `POST /sdk/token`, parsed. */
export type TokenRequest = z.infer<typeof tokenRequestSchema>;

/** Answer of `POST /sdk/token` (wire/1 §5.3); unset fields are left out, not null. */
export const tokenResponseSchema = z.object({
  access_token: z.string().min(1),
  grant_id: uuidSchema,
  token_type: z.string(),
  expires_in: z.int().min(0).nullable(),
  expires_at: z.string().nullable(),
  scopes: z.array(z.string()),
  provider_id: z.string(),
  scope_mismatch: z.boolean(),
  token_generation: uuidSchema.nullable(),
  injection_header: z.string(),
  injection_format: z.string(),
  additional_credentials: z.record(z.string(), z.string()).optional(),
  additional_injections: z
    .array(
      z.strictObject({
        target: z.enum(['header', 'query_param']),
        key: z.string(),
        value_source: z.string(),
      }),
    )
    .optional(),
  /**
   * Ours, beside the wire: false where the credential belongs in the additional injections alone, and the header is only
   * for clients that have no query-only mode (wire/1 §5.4).
   */
  is_header_needed: z.boolean().optional(),
  /** Ours, beside the wire: hosts the credential may be sent to (E5); exact `host[:port]` or `*.example.com`. */
  allowed_hosts: z.array(z.string()).optional(),
  /** Ours, beside the wire: headers that the provider wants on each call, e.g. a version. */
  required_headers: z.record(z.string(), z.string()).optional(),
});

/** Answer of `POST /sdk/token`, parsed. */
export type TokenResponse = z.infer<typeof tokenResponseSchema>;

const contextSchema = z
  .record(z.string().max(contextLimits.keyCharactersMax), z.string().max(contextLimits.valueCharactersMax))
  .refine((context) => Object.keys(context).length <= contextLimits.keysMax, 'has too many keys');

/** Body of `POST /sdk/oauth/audit/api-call` (wire/1 §6.1); its context is limited as in the header (wire/1 §4.1). */
export const auditCallRequestSchema = z.strictObject({
  grant_id: uuidSchema,
  provider_id: z.string().max(255),
  token_generation: uuidSchema.nullable().optional(),
  method: z.string().min(1).max(32),
  url: z.string().max(65_536),
  request_headers: z.record(z.string(), z.string()).nullable().optional(),
  request_body: z.unknown().optional(),
  response_status: z.int().min(0).max(999),
  response_headers: z.record(z.string(), z.string()).nullable().optional(),
  response_body: z.string().nullable().optional(),
  latency_ms: z.number().min(0).max(86_400_000),
  reason: reasonSchema,
  context: contextSchema.nullable().optional(),
});
/** Body of the audit post, parsed. */
export type AuditCallRequest = z.infer<typeof auditCallRequestSchema>;
/** Answer of the audit post. */
export const auditCallResponseSchema = z.object({ recorded: z.literal(true) });

/** Body of `POST /sdk/grants/{id}/report-scope-mismatch` (wire/1 §6.2). */
export const scopeMismatchReportSchema = z.strictObject({
  provider_status_code: z.int().min(100).max(599),
  provider_error_code: z.string().max(255),
  missing_scopes: z.array(z.string().max(256)).max(50).nullable().optional(),
  raw_www_authenticate: z.string().max(4096).nullable().optional(),
  api_endpoint: z.string().max(2048).nullable().optional(),
  detection_source: z.string().max(255),
  sdk_correlation_id: z.string().max(255).nullable().optional(),
});
/** A reported scope mismatch, parsed. */
export type ScopeMismatchReport = z.infer<typeof scopeMismatchReportSchema>;
