import { providerAliases, providerCatalogue } from '../catalog/list.js';
import { definitionDefaults } from './definition-defaults.js';
import {
  type ProviderDefinition,
  type ProviderOverrides,
  providerDefinitionSchema,
  providerIdSchema,
  providerOverridesSchema,
} from './definition-schema.js';

export type DefinitionIssue = { path: readonly (string | number)[]; message: string };

/** A provider cannot be described from what was given. `issues` name fields, never values. */
export class ProviderDefinitionError extends Error {
  override readonly name = 'ProviderDefinitionError';
  readonly issues: readonly DefinitionIssue[];

  constructor(issues: readonly DefinitionIssue[]) {
    super(issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; '));
    this.issues = issues;
  }
}

/** The catalogue's entry of that id, or of the id it is an alias for. */
export function findProvider(id: string): ProviderDefinition | undefined {
  const target = Object.hasOwn(providerAliases, id) ? providerAliases[id] : id;
  return providerCatalogue.find((entry) => entry.id === target);
}

/** The catalogue, in the order of the list. */
export function listProviders(): readonly ProviderDefinition[] {
  return providerCatalogue;
}

/**
 * A catalogue entry merged with the configuration, or a provider of one's own (then `name`, `authorization_endpoint`
 * and `token_endpoint` are needed; `api_hosts` default to the hosts of token and userinfo endpoint).
 * Throws {@link ProviderDefinitionError}.
 */
export function resolveProviderDefinition(input: {
  id: string;
  overrides?: ProviderOverrides | undefined;
}): ProviderDefinition {
  const id = providerIdSchema.safeParse(input.id);
  if (!id.success)
    throw new ProviderDefinitionError([
      { path: ['id'], message: 'must be lower-case letters, digits and dashes' },
    ]);
  const parsed = providerOverridesSchema.safeParse(input.overrides ?? {});
  if (!parsed.success) throw new ProviderDefinitionError(toIssues(parsed.error.issues));

  const { name, account, token_fields, token_placement, ...rest } = parsed.data;
  const entry = findProvider(id.data);
  const base: MergeBase = entry ?? definitionDefaults;
  const changed = dropUndefined(rest);
  const merged: Record<string, unknown> = {
    ...base,
    ...changed,
    id: id.data,
    account: { ...base.account, ...dropUndefined(account ?? {}) },
    token_fields: { ...base.token_fields, ...dropUndefined(token_fields ?? {}) },
    token_placement: { ...base.token_placement, ...dropUndefined(token_placement ?? {}) },
  };
  if (name !== undefined && merged.display_name === base.display_name) merged.display_name = name;
  if (
    base.revocation_style === 'none' &&
    typeof rest.revocation_endpoint === 'string' &&
    rest.revocation_style === undefined
  ) {
    merged.revocation_style = 'rfc7009';
  }
  if (rest.revocation_endpoint === null) merged.revocation_style = 'none';
  if (entry === undefined) completeOwnProvider(merged, account?.source);
  for (const [key, value] of Object.entries(merged)) if (value === null) delete merged[key];

  const definition = providerDefinitionSchema.safeParse(merged);
  if (!definition.success) throw new ProviderDefinitionError(toIssues(definition.error.issues));
  return definition.data;
}

type MergeBase = Partial<ProviderDefinition> &
  Pick<ProviderDefinition, 'account' | 'token_fields' | 'token_placement'>;

function completeOwnProvider(merged: Record<string, unknown>, accountSource: string | undefined): void {
  if (merged.revocation_endpoint === undefined) merged.revocation_style = 'none';
  if (merged.userinfo_endpoint === undefined && accountSource === undefined) {
    merged.account = { ...(merged.account as object), source: 'id_token' };
  }
  if ((merged.api_hosts as string[]).length > 0) return;
  const hosts = [merged.token_endpoint, merged.userinfo_endpoint].flatMap((url) => {
    const host = typeof url === 'string' ? /^https?:\/\/([^/?]+)/.exec(url)?.[1] : undefined;
    return host === undefined ? [] : [host.toLowerCase()];
  });
  merged.api_hosts = [...new Set(hosts)];
}

function dropUndefined(fields: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}

function toIssues(issues: readonly { path: readonly PropertyKey[]; message: string }[]): DefinitionIssue[] {
  return issues.map((issue) => ({
    path: issue.path.map((part) => (typeof part === 'symbol' ? String(part) : part)),
    message: issue.message,
  }));
}
