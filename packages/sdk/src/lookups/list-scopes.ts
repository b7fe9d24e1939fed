import { sdkEndpoints } from '@alter-ai/core-contract';
import { callEndpoint } from '../vault/call-endpoint.js';
import { requireOpen, type VaultClient } from '../vault/vault-client.js';

/** The scopes that an API key can have (wire/1 §9). */
export interface KeyScopeCatalog {
  readonly scopeVersion: number;
  readonly resources: Readonly<Record<string, { readonly verbs: readonly string[] }>>;
  readonly actionVerbs: readonly string[];
  readonly deprecated: readonly string[];
}

/** `App.listScopes`. */
export async function listScopes(client: VaultClient): Promise<KeyScopeCatalog> {
  requireOpen(client);
  const answer = await callEndpoint(client, sdkEndpoints.listScopes);
  return {
    scopeVersion: answer.scope_version,
    resources: answer.resources,
    actionVerbs: answer.action_verbs,
    deprecated: answer.deprecated,
  };
}
