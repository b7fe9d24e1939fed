import { parseRule } from '@alter-ai/core-policy';
import {
  findProvider,
  type ProviderDefinition,
  ProviderDefinitionError,
  type ProviderOverrides,
  resolveProviderDefinition,
} from '@alter-ai/oauth-providers';
import type { AppEntry, ProviderEntry, VaultFile } from './vault-file-schema.js';
import { isWebAddress } from './web-address.js';

type Report = (path: readonly PropertyKey[], message: string) => void;

/** What a provider entry says of the provider itself: everything but client, scopes and what calls may do. */
export function readOverrides(entry: ProviderEntry): ProviderOverrides {
  const {
    id: _id,
    client_id: _client,
    client_secret: _secret,
    scopes: _scopes,
    proxy_only: _proxyOnly,
    ...overrides
  } = entry;
  // `resolveProviderDefinition` checks them; the entry's schema leaves them open.
  return overrides as ProviderOverrides;
}

/** Checks what one field's schema cannot say: names that must be unique, provider definitions, rules, references. */
export function checkFile(file: VaultFile, options: { isDevelopment: boolean }, report: Report): void {
  const slugs = new Set<string>();
  const keyValues = new Set<string>();
  for (const [index, app] of file.apps.entries()) {
    const at = ['apps', index] as const;
    if (slugs.has(app.slug)) report([...at, 'slug'], 'is used by another app already');
    slugs.add(app.slug);
    checkUnique(
      app.api_keys ?? [],
      (key) => key.name,
      (item) => report([...at, 'api_keys', item, 'name'], 'is there twice'),
    );
    checkUnique(
      app.providers ?? [],
      (provider) => provider.id,
      (item) => report([...at, 'providers', item, 'id'], 'is there twice'),
    );
    checkUnique(
      app.managed_secrets ?? [],
      (secret) => secret.slug,
      (item) => report([...at, 'managed_secrets', item, 'slug'], 'is there twice'),
    );
    for (const [item, { slug }] of (app.managed_secrets ?? []).entries()) {
      // `provider_id` of a call names either.
      if (!app.providers?.some((provider) => provider.id === slug)) continue;
      report([...at, 'managed_secrets', item, 'slug'], 'is the id of a provider of this app already');
    }
    checkUnique(
      app.policies ?? [],
      (policy) => policy.name,
      (item) => report([...at, 'policies', item, 'name'], 'is there twice'),
    );
    checkUnique(
      app.webhooks ?? [],
      (webhook) => webhook.name,
      (item) => report([...at, 'webhooks', item, 'name'], 'is there twice'),
    );
    for (const [item, webhook] of (app.webhooks ?? []).entries()) {
      if (!options.isDevelopment && webhook.url.startsWith('http:')) {
        report(
          [...at, 'webhooks', item, 'url'],
          'must be https; http on loopback needs ALTER_VAULT_ENV=development',
        );
      }
    }
    for (const [item, key] of (app.api_keys ?? []).entries()) {
      if (key.value === undefined) continue;
      if (keyValues.has(key.value))
        report([...at, 'api_keys', item, 'value'], 'is the value of another key already');
      keyValues.add(key.value);
    }
    for (const [item, provider] of (app.providers ?? []).entries()) {
      checkProvider(provider, options, (path, message) =>
        report([...at, 'providers', item, ...path], message),
      );
    }
    checkPolicies(app, (path, message) => report([...at, ...path], message));
  }
}

function checkUnique<T>(
  items: readonly T[],
  nameOf: (item: T) => string,
  report: (index: number) => void,
): void {
  const seen = new Set<string>();
  for (const [index, item] of items.entries()) {
    const itemName = nameOf(item);
    if (seen.has(itemName)) report(index);
    seen.add(itemName);
  }
}

function checkProvider(entry: ProviderEntry, options: { isDevelopment: boolean }, report: Report): void {
  if (entry.client_secret !== undefined && entry.client_id === undefined) {
    report(['client_id'], 'is needed beside client_secret');
  }
  let definition: ProviderDefinition;
  try {
    definition = resolveProviderDefinition({ id: entry.id, overrides: readOverrides(entry) });
  } catch (error) {
    if (!(error instanceof ProviderDefinitionError)) throw error;
    for (const issue of error.issues) report(issue.path, issue.message);
    if (!findProvider(entry.id) && error.issues.length === 0) report(['id'], 'is not in the catalogue');
    return;
  }
  for (const [field, value] of Object.entries(definition)) {
    if (!field.endsWith('_endpoint') || typeof value !== 'string') continue;
    const plain = value.replaceAll(/\{[a-z_]+\}/g, 'x');
    if (!isWebAddress(plain)) report([field], 'must be an https address, or http on loopback');
    else if (!options.isDevelopment && plain.startsWith('http:')) {
      report([field], 'must be https; http on loopback needs ALTER_VAULT_ENV=development');
    }
  }
}

function checkPolicies(app: AppEntry, report: Report): void {
  const providers = new Set([
    ...(app.providers ?? []).map((provider) => provider.id),
    ...(app.managed_secrets ?? []).map((secret) => secret.slug),
  ]);
  for (const [index, policy] of (app.policies ?? []).entries()) {
    const parsed = parseRule(policy.rule);
    if (!parsed.ok) {
      for (const issue of parsed.issues) report(['policies', index, 'rule', ...issue.path], issue.message);
    }
    const { target } = policy;
    if (
      typeof target === 'object' &&
      'provider' in target &&
      app.providers &&
      !providers.has(target.provider)
    ) {
      report(
        ['policies', index, 'target', 'provider'],
        'is not among the providers and managed secrets of this app',
      );
    }
  }
}
