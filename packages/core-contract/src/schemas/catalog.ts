import { z } from 'zod';

/** Answer of `GET /sdk/scopes` (wire/1 §9). */
export const scopesResponseSchema = z.object({
  scope_version: z.int(),
  resources: z.record(z.string(), z.object({ verbs: z.array(z.string()) })),
  action_verbs: z.array(z.string()),
  deprecated: z.array(z.string()),
});

/** One provider of the catalogue endpoint (wire/1 §9). */
export const catalogProviderSchema = z.object({
  id: z.string(),
  name: z.string(),
  display_name: z.string(),
  supports_refresh: z.boolean(),
  supports_pkce: z.boolean(),
  available_scopes: z.record(
    z.string(),
    z.object({
      description: z.string(),
      required: z.boolean(),
      is_default: z.boolean(),
      requires: z.array(z.string()),
    }),
  ),
  default_scopes: z.array(z.string()),
  required_scopes: z.array(z.string()),
  status: z.string(),
  category: z.string().optional(),
  description: z.string().optional(),
  logo_url: z.string().optional(),
});
/** Answer of `GET /sdk/oauth/provider-catalog`. */
export const providerCatalogResponseSchema = z.object({
  providers: z.record(z.string(), catalogProviderSchema),
});
/** One provider of the catalogue endpoint, parsed. */
export type CatalogProvider = z.infer<typeof catalogProviderSchema>;
