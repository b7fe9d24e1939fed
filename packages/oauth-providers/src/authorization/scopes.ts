import type { ProviderDefinition } from '../definition/definition-schema.js';

/** Splits scopes by credential: those with an additional credential's prefix are asked for by its own parameter. */
export function groupScopes(
  definition: ProviderDefinition,
  scopes: readonly string[],
): Record<string, string[]> {
  const groups: Record<string, string[]> = {};
  for (const scope of new Set(scopes)) {
    const extra = definition.additional_credentials.find((credential) =>
      scope.startsWith(credential.scope_prefix),
    );
    const parameter = extra?.scope_parameter ?? 'scope';
    const bare = extra === undefined ? scope : scope.slice(extra.scope_prefix.length);
    groups[parameter] = [...(groups[parameter] ?? []), bare];
  }
  return groups;
}

/** Reads the scopes of a response, whatever shape they have; undefined when it names none. */
export function parseScopes(
  value: unknown,
  format: ProviderDefinition['scope_response_format'],
): string[] | undefined {
  if (Array.isArray(value))
    return value.filter((item): item is string => typeof item === 'string' && item !== '');
  if (typeof value !== 'string') return undefined;
  return value.split(format === 'space' ? /\s+/ : /[\s,]+/).filter((scope) => scope !== '');
}

/**
 * Which of the wanted scopes a grant lacks. `granted` is what the token responses said, undefined when they never said
 * anything: then nothing is known to be missing.
 */
export function findMissingScopes(
  definition: ProviderDefinition,
  wanted: readonly string[],
  granted: readonly string[] | undefined,
): string[] {
  if (granted === undefined || definition.scope_response === 'none') return [];
  const have = new Set(granted.map((scope) => scope.toLowerCase()));
  const has = (scope: string) => have.has(scope.toLowerCase());
  return wanted.filter((scope) => {
    if (has(scope) || definition.scopes_not_returned.includes(scope)) return false;
    const alias = Object.hasOwn(definition.scope_aliases, scope)
      ? definition.scope_aliases[scope]
      : undefined;
    return alias === undefined || !has(alias);
  });
}

/** The scopes a grant has after another response, by what the provider's answer means. */
export function mergeScopes(
  definition: ProviderDefinition,
  before: readonly string[] | undefined,
  answered: readonly string[] | undefined,
): string[] | undefined {
  if (answered === undefined) return before === undefined ? undefined : [...before];
  return definition.scope_response === 'delta'
    ? [...new Set([...(before ?? []), ...answered])]
    : [...answered];
}
