import { forbiddenInjectionHeaders, type SecretKind } from '@alter-ai/core-contract';
import { isHeaderValue } from '@alter-ai/core-crypto';
import { findSecretTemplate, type SecretTemplate } from '@alter-ai/oauth-providers';
import type { ManagedSecretEntry } from '../../settings/managed-secrets/managed-secret-schema.js';
import { listPlaceholders, type SecretDefinition, type SecretPlacement } from './secret-definition.js';

type Report = (path: readonly PropertyKey[], message: string) => void;

/**
 * Makes the definition of a managed secret from what a file says of it and its template, if it names one: the file wins.
 * @returns undefined when something was reported
 */
export function resolveDefinition(entry: ManagedSecretEntry, report: Report): SecretDefinition | undefined {
  let isSound = true;
  const refuse: Report = (path, message) => {
    isSound = false;
    report(path, message);
  };
  const template = entry.template === undefined ? undefined : findSecretTemplate(entry.template);
  if (entry.template !== undefined && !template) refuse(['template'], 'there is no such template');
  const kind = entry.kind ?? template?.kind;
  if (kind === undefined) {
    if (isSound) refuse(['kind'], 'is needed where no template says it');
    return undefined;
  }
  const hosts = entry.hosts ?? template?.hosts ?? [];
  if (hosts.length === 0) refuse(['hosts'], 'is needed: the hosts that the secret may be sent to');
  const placements = resolvePlacements(entry, kind, template, refuse);
  checkPlacements(placements, kind, refuse);
  const required = entry.required_headers ?? template?.requiredHeaders ?? {};
  for (const [name, value] of Object.entries(required)) {
    const isOwn = placements.some(
      (each) => each.target === 'header' && each.key.toLowerCase() === name.toLowerCase(),
    );
    if (isForbidden(name) || isOwn || !isHeaderValue(value)) {
      refuse(['required_headers', name], 'is a header that cannot be set here');
    }
  }
  if (kind !== 'aws_sigv4') {
    for (const name of ['region', 'service'] as const) {
      if (entry[name] !== undefined) refuse([name], 'belongs to kind aws_sigv4');
    }
  }
  if (!isSound) return undefined;
  return {
    name: entry.name ?? template?.name ?? entry.slug,
    kind,
    template: template?.slug ?? null,
    placements,
    required_headers: required,
    hosts,
    allowed_networks: entry.allowed_networks ?? [],
    region: entry.region ?? template?.region ?? null,
    service: entry.service ?? template?.service ?? null,
    ...(entry.proxy_only === true ? { proxy_only: true } : {}),
  };
}

function resolvePlacements(
  entry: ManagedSecretEntry,
  kind: SecretKind,
  template: SecretTemplate | undefined,
  refuse: Report,
): readonly SecretPlacement[] {
  const inherited = template?.kind === kind ? template.placements : [];
  if (entry.injections !== undefined && kind !== 'custom') refuse(['injections'], 'belongs to kind custom');
  if (kind !== 'api_key') {
    if (entry.header !== undefined) refuse(['header'], 'belongs to kind api_key');
    if (entry.format !== undefined) refuse(['format'], 'belongs to kind api_key');
  }
  if (kind === 'bearer') return [{ target: 'header', key: 'Authorization', format: 'Bearer {token}' }];
  if (kind === 'basic') return [{ target: 'header', key: 'Authorization', format: 'Basic {token}' }];
  if (kind === 'aws_sigv4') return [];
  if (kind === 'api_key') {
    const [known] = inherited;
    const key = entry.header ?? known?.key;
    if (key === undefined) {
      refuse(['header'], 'is needed for kind api_key');
      return [];
    }
    return [{ target: 'header', key, format: entry.format ?? known?.format ?? '{token}' }];
  }
  if (entry.injections === undefined && inherited.length === 0) {
    refuse(['injections'], 'is needed for kind custom');
  }
  return (
    entry.injections?.map((each) =>
      'header' in each
        ? { target: 'header', key: each.header, format: each.format }
        : { target: 'query_param', key: each.query, format: each.format },
    ) ?? inherited
  );
}

function checkPlacements(placements: readonly SecretPlacement[], kind: SecretKind, refuse: Report): void {
  const at = (index: number, name: string) => (kind === 'custom' ? ['injections', index, name] : [name]);
  const seen = new Set<string>();
  for (const [index, { target, key, format }] of placements.entries()) {
    const place = target === 'header' ? 'header' : 'query';
    if (target === 'header' && isForbidden(key))
      refuse(at(index, place), 'is a header that nobody may inject');
    const name = `${target} ${target === 'header' ? key.toLowerCase() : key}`;
    if (seen.has(name)) refuse(at(index, place), 'is there twice');
    seen.add(name);
    const names = listPlaceholders(format);
    const rest = format.replaceAll(/\{[a-z][a-z0-9_]*\}/g, '');
    if (names.length === 0 || /[{}]/.test(rest) || !isHeaderValue(rest)) {
      refuse(at(index, 'format'), 'must hold {token}, or the name of a further value in braces');
    }
    if (kind === 'api_key' && names.some((each) => each !== 'token')) {
      refuse(at(index, 'format'), 'may hold {token} only; several values are kind custom');
    }
    // These name what is made here, so they would be overwritten.
    if (names.some((each) => each === 'value' || each.startsWith('injection_'))) {
      refuse(at(index, 'format'), 'names a value that is reserved');
    }
  }
  const all = placements.flatMap(({ format }) => listPlaceholders(format));
  if (kind === 'custom' && placements.length > 0 && !all.includes('token')) {
    refuse(['injections'], 'must hold {token} in one of the formats');
  }
}

function isForbidden(name: string): boolean {
  return forbiddenInjectionHeaders.has(name.toLowerCase());
}
