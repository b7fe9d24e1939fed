import { keyScopeSchema } from '@alter-ai/core-contract';
import { isApiKeyFormat } from '@alter-ai/core-crypto';
import { isAllowedNetworkEntry } from '@alter-ai/egress';
import { providerIdSchema } from '@alter-ai/oauth-providers';
import ipaddr from 'ipaddr.js';
import { z } from 'zod';
import { managedSecretSchema, secretValuePaths } from '../managed-secrets/managed-secret-schema.js';
import { webhookSchema } from '../webhooks/webhook-schema.js';
import { isWebAddress, isWebOrigin } from './web-address.js';

const name = z.string().trim().min(1).max(200);
const slug = z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'must be lower-case letters, digits and dashes');
const webAddress = z.string().refine(isWebAddress, 'must be an https address, or http on loopback');
const origin = z
  .string()
  .refine(
    isWebOrigin,
    'must be an origin such as https://app.example.com, or http on loopback, without a path',
  );
const secret = z.string().min(1).max(8192);

const apiKeySchema = z.strictObject({
  name,
  value: z
    .string()
    .refine(
      isApiKeyFormat,
      'is not an API key: one of the formats alter_key_…, alter_rk_…, alter_ak_…, alter_dk_…',
    )
    .refine((key) => !key.startsWith('alter_pk_'), 'a publishable key cannot sign requests')
    .optional(),
  scopes: z.array(keyScopeSchema).min(1).optional(),
  expires_at: z.iso.datetime({ offset: true }).nullable().optional(),
  allowed_addresses: z
    .array(
      z
        .string()
        .refine((text) => ipaddr.isValid(text) || ipaddr.isValidCIDR(text), 'must be an address or a CIDR'),
    )
    .min(1)
    .nullable()
    .optional(),
});

const scopeSchema = z.union([
  z
    .string()
    .min(1)
    .max(512)
    .transform((scope) => ({ scope, required: true })),
  z.strictObject({ scope: z.string().min(1).max(512), required: z.boolean().default(true) }),
]);

/** A provider entry: what is named here, and beside it any field of the provider's definition. */
const providerSchema = z.looseObject({
  id: providerIdSchema,
  client_id: z.string().min(1).max(1024).optional(),
  /** One secret, or the newest first while an old one still works (R7). */
  client_secret: z.union([secret, z.array(secret).min(1).max(2)]).optional(),
  scopes: z.array(scopeSchema).max(300).optional(),
  /** Tokens of this provider do not leave the vault: proxy mode alone (B7). */
  proxy_only: z.boolean().optional(),
});

const identityProviderSchema = z.strictObject({
  issuer: webAddress,
  audience: z.string().min(1).max(1024),
  claims: z
    .strictObject({
      user_id: z.string().min(1).default('sub'),
      email: z.string().min(1).default('email'),
      groups: z.string().min(1).default('groups'),
    })
    .prefault({}),
});

const policySchema = z.strictObject({
  name,
  target: z
    .union([
      z.literal('app'),
      z.strictObject({ provider: providerIdSchema }),
      z.strictObject({ grant: z.uuid() }),
      z.strictObject({ app: z.literal(true) }),
    ])
    .default('app'),
  // Read by core-policy, whose answer says what is wrong with it.
  rule: z.unknown(),
});

const brandingSchema = z.strictObject({
  display_name: name.optional(),
  logo_url: webAddress.nullable().optional(),
  primary_color: z
    .string()
    .regex(/^#[0-9a-fA-F]{6}$/, 'must be a colour such as #2f6fed')
    .nullable()
    .optional(),
});

const appSchema = z.strictObject({
  slug,
  name,
  website_url: webAddress.nullable().optional(),
  allowed_origins: z.array(origin).max(100).optional(),
  return_urls: z
    .array(webAddress.refine((url) => !url.includes('#'), 'must have no fragment'))
    .max(100)
    .optional(),
  connect_session_ttl_seconds: z.int().min(1).max(86_400).optional(),
  api_keys: z.array(apiKeySchema).optional(),
  providers: z.array(providerSchema).optional(),
  identity_provider: identityProviderSchema.nullable().optional(),
  policies: z.array(policySchema).optional(),
  managed_secrets: z.array(managedSecretSchema).max(500).optional(),
  branding: brandingSchema.optional(),
  webhooks: z.array(webhookSchema).max(20).optional(),
  allowed_networks: z
    .array(z.string().refine(isAllowedNetworkEntry, 'must be a CIDR, an address or a host name'))
    .max(200)
    .optional(),
});

/** The vault as one file (configuration.md). */
export const vaultFileSchema = z.strictObject({
  version: z.literal(1),
  /** Of the whole vault: how many whole months of audit records are kept; null drops nothing. */
  audit: z.strictObject({ retention_months: z.int().min(1).max(1200).nullable().optional() }).optional(),
  apps: z.array(appSchema),
});

/** The file as parsed. */
export type VaultFile = z.output<typeof vaultFileSchema>;
/** One app of the file. */
export type AppEntry = VaultFile['apps'][number];
/** One API key of the file. */
export type ApiKeyEntry = NonNullable<AppEntry['api_keys']>[number];
/** One provider of the file. */
export type ProviderEntry = NonNullable<AppEntry['providers']>[number];
/** One policy of the file. */
export type PolicyEntry = NonNullable<AppEntry['policies']>[number];
/** The identity provider of the file. */
export type IdentityProviderEntry = NonNullable<AppEntry['identity_provider']>;

/** Keys that have their place in the file but whose capability this version does not have. */
export const keysNotSupportedYet: readonly (readonly string[])[] = [
  ['agents'],
  ['webhooks'],
  ['apps', '*', 'require_sign_in'],
  ['apps', '*', 'agents'],
  ['apps', '*', 'retention'],
  ['apps', '*', 'identity_provider', 'sign_in'],
  ['apps', '*', 'policies', '*', 'target', 'agent'],
];

/** Where secrets stand: what is written there literally is warned about. */
export const secretPaths: readonly (readonly string[])[] = [
  ['apps', '*', 'api_keys', '*', 'value'],
  ['apps', '*', 'providers', '*', 'client_secret'],
  ...secretValuePaths,
  ['apps', '*', 'webhooks', '*', 'secret'],
];
