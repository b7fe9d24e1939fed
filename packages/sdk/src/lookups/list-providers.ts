import { type CatalogProvider, sdkEndpoints } from '@alter-ai/core-contract';
import { callEndpoint } from '../vault/call-endpoint.js';
import { requireOpen, type VaultClient } from '../vault/vault-client.js';

/** One scope that a provider offers. */
export interface ProviderScope {
  readonly description: string;
  readonly isRequired: boolean;
  readonly isDefault: boolean;
  /** Scopes that have to be asked for with it. */
  readonly requires: readonly string[];
}

/** One provider of the catalogue, or of the app's own (wire/1 §9). */
export interface ProviderInfo {
  readonly id: string;
  readonly name: string;
  readonly displayName: string;
  readonly supportsRefresh: boolean;
  readonly supportsPkce: boolean;
  readonly availableScopes: Readonly<Record<string, ProviderScope>>;
  readonly defaultScopes: readonly string[];
  readonly requiredScopes: readonly string[];
  readonly status: string;
  readonly category: string | undefined;
  readonly description: string | undefined;
  readonly logoUrl: string | undefined;
}

/** `App.listProviders`. */
export async function listProviders(client: VaultClient): Promise<readonly ProviderInfo[]> {
  requireOpen(client);
  const { providers } = await callEndpoint(client, sdkEndpoints.listProviders);
  return Object.values(providers).map(readProviderInfo);
}

function readProviderInfo(wire: CatalogProvider): ProviderInfo {
  const scopes = Object.entries(wire.available_scopes).map(([name, scope]) => [
    name,
    {
      description: scope.description,
      isRequired: scope.required,
      isDefault: scope.is_default,
      requires: scope.requires,
    },
  ]);
  return {
    id: wire.id,
    name: wire.name,
    displayName: wire.display_name,
    supportsRefresh: wire.supports_refresh,
    supportsPkce: wire.supports_pkce,
    availableScopes: Object.fromEntries(scopes),
    defaultScopes: wire.default_scopes,
    requiredScopes: wire.required_scopes,
    status: wire.status,
    category: wire.category,
    description: wire.description,
    logoUrl: wire.logo_url,
  };
}
