import { z } from 'zod';
import { uuidSchema } from '../ids.js';
import { reasonSchema } from './token.js';

const queryValues = [z.string(), z.number(), z.boolean(), z.null()] as const;

const callFields = {
  method: z.string().min(1).max(32),
  url: z.string().min(1).max(65_536),
  grant_id: z.string().max(255).optional(),
  provider_id: z.string().max(255).optional(),
  account: z.string().max(512).nullable().optional(),
  label: z.string().max(255).nullable().optional(),
  app_user_id: z.string().max(255).nullable().optional(),
  user_token: z.string().min(1).max(8192).nullable().optional(),
  headers: z.record(z.string().max(256), z.string().max(16_384)).nullable().optional(),
  query_params: z
    .record(z.string().max(4096), z.union([z.array(z.union(queryValues)), ...queryValues]))
    .nullable()
    .optional(),
  reason: reasonSchema,
};

const needsOneAddress = {
  message: 'exactly one of grant_id and provider_id is needed',
  path: ['grant_id'],
};
const hasOneAddress = (body: { grant_id?: string | undefined; provider_id?: string | undefined }) =>
  (body.grant_id === undefined) !== (body.provider_id === undefined);

/** Body of `POST /sdk/proxy` (wire/3 section 1.1). */
export const proxyRequestSchema = z
  .strictObject({
    ...callFields,
    /** Any JSON value; null and absent both mean that there is no body. */
    body: z.unknown().optional(),
    /** Ours, beside the wire: the exact bytes of the body, standard base64, in place of `body`. */
    body_b64: z.base64().nullable().optional(),
  })
  .refine(hasOneAddress, needsOneAddress)
  .refine((body) => (body.body ?? null) === null || (body.body_b64 ?? null) === null, {
    message: 'body and body_b64 exclude each other',
    path: ['body_b64'],
  });

/** Body of `POST /sdk/proxy`, parsed. */
export type ProxyRequest = z.infer<typeof proxyRequestSchema>;

/** Answer of `POST /sdk/proxy` (wire/3 section 1.3): whatever the provider answered, its errors among it. */
export const proxyResponseSchema = z.object({
  status_code: z.int().min(100).max(999),
  headers: z.record(z.string(), z.string()),
  /** Standard base64 with padding. */
  body_b64: z.string(),
  /** The body was longer than the vault gives back in one piece; what is here is its beginning. */
  body_truncated: z.boolean(),
  /** Time of the provider call, milliseconds. */
  duration_ms: z.int().min(0).nullable(),
  /** Why the provider may have refused the credential; left out where nothing is known. */
  credential_hint: z.string().optional(),
  /** Of calls that needed an approval only. */
  approval_id: uuidSchema.optional(),
});

/** Answer of `POST /sdk/proxy`, parsed. */
export type ProxyResponse = z.infer<typeof proxyResponseSchema>;

/**
 * First line of the body of `POST /sdk/proxy/stream` (ours, beside the wire): the call without its body, whose bytes follow after
 * the line feed. The signature covers this line.
 */
export const proxyStreamRequestSchema = z
  .strictObject({
    ...callFields,
    /** Bytes that follow; absent: unknown, or none where `has_body` is false. */
    content_length: z.int().min(0).nullable().optional(),
    has_body: z.boolean(),
  })
  .refine(hasOneAddress, needsOneAddress);

/** First line of a streamed call, parsed. */
export type ProxyStreamRequest = z.infer<typeof proxyStreamRequestSchema>;

/** First line of the answer of `POST /sdk/proxy/stream`; the bytes of the provider's body follow after the line feed. */
export const proxyStreamResponseSchema = z.object({
  status_code: z.int().min(100).max(999),
  /** In order of arrival; a name may be there several times. */
  headers: z.array(z.tuple([z.string(), z.string()])),
});

/** First line of a streamed answer, parsed. */
export type ProxyStreamResponse = z.infer<typeof proxyStreamResponseSchema>;
