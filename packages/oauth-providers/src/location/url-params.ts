import type { ProviderDefinition } from '../definition/definition-schema.js';
import { fillPlaceholders } from './placeholders.js';

/** Connect parameters as given by the user or kept with the grant (subdomain, region, tenant). */
export type UrlParams = Readonly<Record<string, string>>;

export type UrlParamsCheck =
  | { ok: true; params: Record<string, string> }
  | { ok: false; issues: { name: string; message: string }[] };

const dnsLabel = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/i;
// Whatever a pattern says: nothing that ends a path segment or authority, climbs, or starts a port.
const alwaysSafe = /^(?!.*\.\.)[A-Za-z0-9_](?:[A-Za-z0-9._-]{0,251}[A-Za-z0-9_])?$/;

/** Checks connect parameters and fills in defaults (C7). Called when they are given, at the callback and at each call. */
export function validateUrlParams(definition: ProviderDefinition, given: UrlParams): UrlParamsCheck {
  const issues: { name: string; message: string }[] = [];
  const params: Record<string, string> = {};
  const known = new Set(definition.url_params.map((param) => param.name));
  for (const name of Object.keys(given)) {
    if (!known.has(name)) issues.push({ name, message: 'is not a parameter of this provider' });
  }
  for (const param of definition.url_params) {
    const value = Object.hasOwn(given, param.name) ? given[param.name] : param.default;
    if (value === undefined || value === '') issues.push({ name: param.name, message: 'is needed' });
    else if (isAllowedValue(param, value)) params[param.name] = value;
    else issues.push({ name: param.name, message: 'has a value that is not allowed' });
  }
  return issues.length === 0 ? { ok: true, params } : { ok: false, issues };
}

/** Fills connect parameters into a URL or host template. Throws RangeError when they are not valid. */
export function expandUrlParams(
  definition: ProviderDefinition,
  template: string,
  given: UrlParams,
  further: Readonly<Record<string, string>> = {},
): string {
  const check = validateUrlParams(definition, given);
  if (!check.ok)
    throw new RangeError(
      `connect parameter ${check.issues[0]?.name ?? ''} ${check.issues[0]?.message ?? ''}`,
    );
  return fillPlaceholders(template, { ...check.params, ...further });
}

function isAllowedValue(param: ProviderDefinition['url_params'][number], value: string): boolean {
  if (!alwaysSafe.test(value)) return false;
  if (param.options !== undefined) return param.options.includes(value);
  if (param.pattern === undefined) return dnsLabel.test(value);
  return new RegExp(`^(?:${param.pattern})$`).test(value);
}
