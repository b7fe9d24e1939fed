import { type CatalogProvider, keyScopes, scopeVersion } from '@alter-ai/core-contract';
import { listProviders, type ProviderDefinition } from '@alter-ai/oauth-providers';
import type { AppSettings, ProviderScope } from '../settings/settings-reader.js';

const kept = new WeakMap<AppSettings, Record<string, CatalogProvider>>();

/** The catalogue's providers and the app's own, by id (wire/1 section 9); the app's settings win. */
export function describeCatalog(settings: AppSettings): Record<string, CatalogProvider> {
  let providers = kept.get(settings);
  if (!providers) {
    const entries: [string, CatalogProvider][] = listProviders().map((definition) => [
      definition.id,
      describeProvider(definition, definition.display_name, undefined, 'available'),
    ]);
    for (const [id, provider] of settings.providers) {
      const { definition, displayName, scopes, clientId } = provider;
      const status = clientId === null ? 'available' : 'configured';
      entries.push([id, describeProvider({ ...definition, id }, displayName, scopes, status)]);
    }
    providers = Object.fromEntries(entries);
    kept.set(settings, providers);
  }
  return providers;
}

/** The scopes that an API key can have, by resource (wire/1 section 9). */
export function describeKeyScopes() {
  const resources: Record<string, { verbs: string[] }> = {};
  const verbs = new Set<string>();
  for (const scope of keyScopes) {
    const [resource = '', verb = ''] = scope.split(':');
    resources[resource] = { verbs: [...(resources[resource]?.verbs ?? []), verb] };
    verbs.add(verb);
  }
  return { scope_version: scopeVersion, resources, action_verbs: [...verbs], deprecated: [] };
}

function describeProvider(
  definition: ProviderDefinition,
  displayName: string,
  configured: readonly ProviderScope[] | undefined,
  status: string,
): CatalogProvider {
  const scopes = configured ?? definition.default_scopes.map((scope) => ({ scope, required: false }));
  return {
    id: definition.id,
    name: definition.id,
    display_name: displayName,
    supports_refresh: definition.refresh !== 'none',
    supports_pkce: definition.pkce === 'S256',
    available_scopes: Object.fromEntries(
      scopes.map(({ scope, required }) => [
        scope,
        { description: scope, required, is_default: true, requires: [] },
      ]),
    ),
    default_scopes: scopes.map(({ scope }) => scope),
    required_scopes: scopes.filter(({ required }) => required).map(({ scope }) => scope),
    status,
    category: definition.category,
  };
}
