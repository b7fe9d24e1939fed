import { z } from 'zod';
import { providerIdSchema, uuidSchema } from '../ids.js';
import { postedGrantSchema } from './connect-session.js';

/** Opens the page: by session token the first time, by handle and cookie after the way to the provider and back. */
export const pageOpenRequestSchema = z.union([
  z.strictObject({ session_token: z.string().min(1).max(4096) }),
  z.strictObject({ handle: uuidSchema }),
]);

/** Asks for the address of the provider's authorization page. */
export const pageAuthorizeRequestSchema = z.strictObject({
  handle: uuidSchema,
  provider_id: providerIdSchema,
  parameters: z.record(z.string().max(64), z.string().max(255)).optional(),
  lifetime_seconds: z.int().min(1).max(315_360_000).optional(),
  add_account: z.boolean().optional(),
});
/** Where the browser goes next. */
export const pageAuthorizeResponseSchema = z.object({ authorization_url: z.string() });

/** Uses an account that is connected already. */
export const pageUseExistingRequestSchema = z.strictObject({ handle: uuidSchema, grant_id: uuidSchema });
/** Decides what happens after another account than the expected one was signed in (C5). */
export const pageResolveMismatchRequestSchema = z.strictObject({
  handle: uuidSchema,
  choice: z.enum(['add', 'retry', 'cancel']),
});
/** Stores the key that the user typed; it goes in and never comes out again. */
export const pageEnterKeyRequestSchema = z.strictObject({
  handle: uuidSchema,
  /** By the names of the view's `key_entry.fields`. */
  fields: z.record(z.string().max(64), z.string().max(8192)),
  lifetime_seconds: z.int().min(1).max(315_360_000).optional(),
});
/** Finishes or cancels the session. */
export const pageHandleRequestSchema = z.strictObject({ handle: uuidSchema });

/** A value that a provider's addresses need, e.g. a subdomain (C7). */
export const connectParameterSchema = z.object({
  name: z.string(),
  label: z.string(),
  pattern: z.string(),
  example: z.string().nullable(),
  default: z.string().nullable(),
  options: z.array(z.string()).nullable(),
});

/** One provider that the page offers. */
export const connectProviderSchema = z.object({
  id: z.string(),
  name: z.string(),
  scopes: z.array(z.object({ scope: z.string(), required: z.boolean() })),
  parameters: z.array(connectParameterSchema),
  connected: z.array(
    z.object({
      grant_id: uuidSchema,
      account_identifier: z.string(),
      account_display_name: z.string().nullable(),
    }),
  ),
});

/** What a user is asked for who stores a key of their own; nothing of a stored one. */
export const keyEntrySchema = z.object({
  slug: z.string(),
  name: z.string(),
  fields: z.array(
    z.object({ name: z.string(), label: z.string(), is_secret: z.boolean(), is_required: z.boolean() }),
  ),
  /** Where the key will be sent to, and nowhere else. */
  hosts: z.array(z.string()),
  documentation_url: z.string().nullable(),
  /** A grant of this user that works already, and whether a new key can take the place of its own. */
  existing: z
    .object({ grant_id: uuidSchema, label: z.string().nullable(), is_replaceable: z.boolean() })
    .nullable(),
  /** The session is there to replace the key of that grant. */
  is_repair: z.boolean(),
});

/** Everything the connect page shows. */
export const connectViewSchema = z.object({
  handle: uuidSchema,
  state: z.enum(['open', 'mismatch', 'completed', 'error', 'expired']),
  app: z.object({
    name: z.string(),
    logo_url: z.string().nullable(),
    primary_color: z.string().nullable(),
    website_url: z.string().nullable(),
  }),
  providers: z.array(connectProviderSchema),
  /** Set in a session in which a key is entered; it has no providers. */
  key_entry: keyEntrySchema.nullable(),
  is_single_provider: z.boolean(),
  is_direct: z.boolean(),
  user: z.object({ display: z.string() }).nullable(),
  lifetime: z.object({ max_seconds: z.int().nullable(), default_seconds: z.int().nullable() }),
  grants: z.array(postedGrantSchema),
  declined: z.array(z.object({ provider_id: z.string(), error_code: z.string() })),
  notice: z.object({ code: z.string(), message: z.string() }).nullable(),
  mismatch: z.object({ provider_id: z.string(), expected: z.string(), actual: z.string() }).nullable(),
  error: z.object({ code: z.string(), message: z.string(), reference: z.string() }).nullable(),
  /** Exact origins that the result is posted to; never a wildcard (C4). */
  message_targets: z.array(z.string()),
  /** Where a full-page flow goes when the session is over, with its parameters. */
  return_to: z.string().nullable(),
  expires_at: z.string(),
});

/** Everything the connect page shows, parsed. */
export type ConnectView = z.infer<typeof connectViewSchema>;
/** One provider that the page offers, parsed. */
export type ConnectProvider = z.infer<typeof connectProviderSchema>;
/** One connect parameter, parsed. */
export type ConnectParameter = z.infer<typeof connectParameterSchema>;
/** What a user is asked for who stores a key, parsed. */
export type KeyEntry = z.infer<typeof keyEntrySchema>;
