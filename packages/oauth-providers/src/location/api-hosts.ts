import type { ProviderDefinition } from '../definition/definition-schema.js';
import { expandUrlParams, type UrlParams } from './url-params.js';

/**
 * The hosts a grant's credential may go to (E1, E5): those of the definition, and the host its token response named,
 * where that ends in one of the allowed suffixes (or is one of them, port included). Entries are `host[:port]` or
 * `*.example.com`.
 */
export function allowedApiHosts(
  definition: ProviderDefinition,
  params: UrlParams = {},
  metadata: Readonly<Record<string, string>> = {},
): string[] {
  const hosts = definition.api_hosts.map((host) => expandUrlParams(definition, host, params));
  for (const rule of definition.runtime_hosts) {
    const value = Object.hasOwn(metadata, rule.metadata) ? metadata[rule.metadata] : undefined;
    const host = value === undefined ? undefined : readHost(value);
    if (host !== undefined && rule.allowed_suffixes.some((suffix) => isUnder(host, suffix.toLowerCase())))
      hosts.push(host);
  }
  return [...new Set(hosts)];
}

/** Base URLs of the provider's API for a grant; those whose host was not learnt or is not allowed are left out. */
export function listApiBaseUrls(
  definition: ProviderDefinition,
  params: UrlParams = {},
  metadata: Readonly<Record<string, string>> = {},
): string[] {
  const allowed = new Set(allowedApiHosts(definition, params, metadata));
  return definition.api_base_urls.flatMap((template) => {
    const rule = definition.runtime_hosts.find((host) => template.includes(`{${host.metadata}}`));
    if (rule === undefined) return [expandUrlParams(definition, template, params)];
    const host = readHost(metadata[rule.metadata] ?? '');
    return host !== undefined && allowed.has(host) ? [template.replace(`{${rule.metadata}}`, host)] : [];
  });
}

// Providers give a whole URL or a bare host.
function readHost(value: string): string | undefined {
  const text = /^https?:\/\//i.test(value) ? value : `https://${value}`;
  if (!URL.canParse(text)) return undefined;
  const url = new URL(text);
  if (url.username !== '' || url.password !== '' || /[\\\s]/.test(value)) return undefined;
  return url.host;
}

function isUnder(host: string, suffix: string): boolean {
  return host === suffix || (/^[a-z0-9.-]+$/.test(host) && host.endsWith(`.${suffix}`));
}
