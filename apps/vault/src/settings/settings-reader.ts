import type { SecretValue } from '@alter-ai/core-crypto';
import type { ProviderDefinition } from '@alter-ai/oauth-providers';
import type { ManagedSecretSettings } from './managed-secrets/build-managed-secret.js';

/** A scope of a provider as one app asks for it. */
export interface ProviderScope {
  readonly scope: string;
  /** A grant that lacks a required scope has a scope mismatch. */
  readonly required: boolean;
}

/** A provider as one app uses it. */
export interface ProviderSettings {
  readonly configId: string;
  readonly providerId: string;
  readonly displayName: string;
  /** The catalogue's entry with the app's own settings over it. */
  readonly definition: ProviderDefinition;
  /** Null while the app has not registered itself at the provider: `provider_not_configured`. */
  readonly clientId: string | null;
  /** The live client secrets, newest first; opened on demand. @throws OpenError */
  clientSecrets(): Promise<SecretValue[]>;
  readonly scopes: readonly ProviderScope[];
  /** Tokens of this provider do not leave the vault (B7). */
  readonly isProxyOnly: boolean;
}

/** The app's identity provider: whose user tokens it accepts. */
export interface IdentityProviderSettings {
  readonly id: string;
  readonly issuer: string;
  readonly audience: string;
  /** Names of the claims that are read. */
  readonly claims: { readonly user_id: string; readonly email: string; readonly groups: string };
}

/** One policy of the app; `rule` is what `parseRule` of core-policy reads. */
export interface PolicySettings {
  readonly id: string;
  readonly name: string;
  readonly targetKind: 'app' | 'provider' | 'agent' | 'grant';
  /** Provider id, agent id or grant id; null for the app. */
  readonly targetId: string | null;
  readonly rule: unknown;
}

/** How the hosted pages look for one app. */
export interface BrandingSettings {
  readonly displayName: string;
  readonly logoUrl: string | null;
  /** `#rrggbb` */
  readonly primaryColor: string | null;
}

/** All settings of one app at one version; immutable. */
export interface AppSettings {
  readonly appId: string;
  readonly slug: string;
  readonly name: string;
  readonly version: number;
  readonly websiteUrl: string | null;
  readonly allowedOrigins: readonly string[];
  readonly returnUrls: readonly string[];
  readonly connectSessionTtlSeconds: number;
  readonly branding: BrandingSettings;
  /** CIDRs and hosts inside the operator's network that credentials of this app may go to (E1). */
  readonly allowedNetworks: readonly string[];
  /** By provider id. */
  readonly providers: ReadonlyMap<string, ProviderSettings>;
  /** By the id of the provider configuration. */
  readonly providersByConfigId: ReadonlyMap<string, ProviderSettings>;
  /** By slug. */
  readonly managedSecrets: ReadonlyMap<string, ManagedSecretSettings>;
  readonly managedSecretsById: ReadonlyMap<string, ManagedSecretSettings>;
  readonly identityProvider: IdentityProviderSettings | null;
  readonly policies: readonly PolicySettings[];
}

/** Reads settings; a version once read is kept, because it never changes. */
export interface SettingsReader {
  /** Settings of an app whose current version is known from a row read in the same request. */
  load(appId: string, version: number): Promise<AppSettings>;
  /** Settings of an app at its current version; one more read. @throws Error when there is no such app */
  loadCurrent(appId: string): Promise<AppSettings>;
  /** Settings of the app with this slug, or undefined. */
  findBySlug(slug: string): Promise<AppSettings | undefined>;
}
