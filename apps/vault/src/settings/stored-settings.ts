import { z } from 'zod';

/** What `apps.settings_json` holds. */
export const storedSettingsSchema = z.strictObject({
  website_url: z.string().nullable(),
  allowed_origins: z.array(z.string()),
  return_urls: z.array(z.string()),
  connect_session_ttl_seconds: z.int(),
  branding: z.strictObject({
    display_name: z.string().nullable(),
    logo_url: z.string().nullable(),
    primary_color: z.string().nullable(),
  }),
  allowed_networks: z.array(z.string()),
});

/** What `apps.settings_json` holds, parsed. */
export type StoredSettings = z.infer<typeof storedSettingsSchema>;

/** Settings of an app about which nothing was said; a connect session lives for ten minutes (C2). */
export const defaultSettings: StoredSettings = {
  website_url: null,
  allowed_origins: [],
  return_urls: [],
  connect_session_ttl_seconds: 600,
  branding: { display_name: null, logo_url: null, primary_color: null },
  allowed_networks: [],
};

/** What `provider_configs.scopes_json` holds. */
export const storedScopesSchema = z.array(z.strictObject({ scope: z.string(), required: z.boolean() }));

/** What `identity_providers.claims_json` holds. */
export const storedClaimsSchema = z.strictObject({
  user_id: z.string(),
  email: z.string(),
  groups: z.string(),
});

/** What `provider_configs.sealed_client_secrets` holds once opened: newest first. */
export const storedSecretsSchema = z.array(z.string());
