import { dropQuery, encodeStrict } from '@alter-ai/core-crypto';
import { AlterValueError } from '../errors/alter-sdk-error.js';
import { isLoopbackHost } from '../options/client-options.js';

/** One query value; a list repeats the name, undefined and null leave it out. */
export type QueryValue = string | number | boolean | null | undefined;
/** Query parameters by name. */
export type QueryParams = Readonly<Record<string, QueryValue | readonly QueryValue[]>>;

const placeholderPattern = /\{([A-Za-z_][A-Za-z0-9_]*)\}/g;
const labelPattern = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/i;
const dotSegmentPattern = /^(?:\.|%2e){1,2}$/i;
// biome-ignore lint/suspicious/noControlCharactersInRegex: what URL parsers drop or rewrite silently.
const unsafePattern = /[\u0000-\u0020\u007f\\]/;
const urlCharactersMax = 65_536;

/**
 * The destination of a call: `{name}` filled, then checked (wire/1 §5.1). Its `href` is what the vault decides about,
 * what is recorded and what is called.
 * @throws {AlterValueError} not absolute, not https (http on loopback), with a user, or with a placeholder left.
 */
export function buildTargetUrl(
  template: string,
  pathParams: Readonly<Record<string, string | number>> | undefined,
): URL {
  if (typeof template !== 'string' || template === '') throw new AlterValueError('url must be a string');
  const text = pathParams === undefined ? template : fillPlaceholders(template, pathParams);
  if (/[{}]/.test(text)) throw new AlterValueError('url has a placeholder without a value in pathParams');
  if (unsafePattern.test(text)) throw new AlterValueError('url has a space, control character or backslash');
  if (!/^https?:\/\/[^/]/i.test(text) || !URL.canParse(text))
    throw new AlterValueError('url must be absolute');
  const url = new URL(text);
  if (url.username !== '' || url.password !== '' || /^[^/]*\/\/[^/?#]*@/.test(text)) {
    throw new AlterValueError('url must not hold a user');
  }
  if (url.protocol !== 'https:' && !isLoopbackHost(url.hostname)) {
    throw new AlterValueError('url must be https, or http on localhost, 127.0.0.1 or ::1');
  }
  url.hash = '';
  if (url.href.length > urlCharactersMax) throw new AlterValueError('url is too long');
  return url;
}

/** The URL with `params` merged into its query; the rest of the query keeps its exact spelling. */
export function mergeQuery(url: URL, params: QueryParams): URL {
  const added = Object.entries(params).flatMap(([name, value]) => {
    const values = Array.isArray(value) ? (value as readonly QueryValue[]) : [value as QueryValue];
    return values
      .filter((each) => each !== undefined && each !== null)
      .map((each) => `${encodeWhole(name)}=${encodeWhole(checkQueryValue(name, each))}`);
  });
  const merged = dropQuery(url, Object.keys(params), added);
  if (merged.href.length > urlCharactersMax) throw new AlterValueError('url with queryParams is too long');
  return merged;
}

function fillPlaceholders(template: string, pathParams: Readonly<Record<string, string | number>>): string {
  const authorityEnd = template.indexOf('/', template.indexOf('://') + 3);
  const used = new Set<string>();
  const filled = template.replace(placeholderPattern, (whole, name: string, offset: number) => {
    if (!Object.hasOwn(pathParams, name)) return whole;
    used.add(name);
    const value = pathParams[name];
    const text = typeof value === 'number' ? String(value) : value;
    if (typeof text !== 'string' || text === '')
      throw new AlterValueError(`pathParams.${name} must not be empty`);
    // A value with a dot or an escape in the host's place could name another host.
    if ((authorityEnd === -1 || offset < authorityEnd) && !labelPattern.test(text)) {
      throw new AlterValueError(`pathParams.${name} stands in the host and must be one DNS label`);
    }
    return encodeWhole(text);
  });
  const unused = Object.keys(pathParams).find((name) => !used.has(name));
  if (unused !== undefined) throw new AlterValueError(`url has no placeholder for pathParams.${unused}`);
  // `..` climbs out of its place even when it is percent-encoded.
  const path = filled.split(/[?#]/, 1)[0] ?? '';
  if (path.split('/').some((segment) => dotSegmentPattern.test(segment))) {
    throw new AlterValueError('pathParams must not make a path segment of dots');
  }
  return filled;
}

function checkQueryValue(name: string, value: unknown): string {
  if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean') {
    throw new AlterValueError(`queryParams.${name} must be text, a number, a boolean or a list of them`);
  }
  return String(value);
}

function encodeWhole(text: string): string {
  try {
    return encodeStrict(text);
  } catch {
    throw new AlterValueError('pathParams and queryParams must be well-formed Unicode');
  }
}
