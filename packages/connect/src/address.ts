import { createError } from './outcome.js';
import type { Awaitable, OpenOptions } from './types.js';

/** Where one session lives. */
export interface Address {
  /** The connect page with the token in its fragment. */
  href: string;
  /** The vault, without a slash at the end. */
  base: string;
  origin: string;
  token: string;
}

const pagePath = '/sdk/oauth/connect';

/** Decodes bytes of base64url as UTF-8 text. */
export function decodeBase64url(text: string): string {
  const bytes = atob(text.replace(/-/g, '+').replace(/_/g, '/'));
  return new TextDecoder().decode(Uint8Array.from(bytes, (char) => char.charCodeAt(0)));
}

/** The origin of an http(s) address, '' for anything else. */
function readOrigin(text: string): string {
  try {
    const { origin } = new URL(text);
    return origin.startsWith('http') ? origin : '';
  } catch {
    return '';
  }
}

/** Reads the vault out of a token `alter_cs_<random>.<base64url(origin)>`; '' for a token of another form. */
function readTokenBase(token: string): string {
  try {
    return decodeBase64url(token.split('.')[1] ?? '');
  } catch {
    return '';
  }
}

function toAddress(value: unknown, isUrl: boolean, baseURL: string | undefined): Address {
  if (!value || typeof value !== 'string') {
    throw createError('invalid_options', 'token or url is required');
  }
  const [before = '', fragment] = value.split(pagePath);
  const base = (baseURL ?? (isUrl ? before : readTokenBase(value))).replace(/\/+$/, '');
  const origin = readOrigin(base);
  if (!origin) throw createError('invalid_options', 'baseURL must be a full URL');
  if (!isUrl) {
    return { href: `${base}${pagePath}#session=${encodeURIComponent(value)}`, base, origin, token: value };
  }
  const token = new URLSearchParams(fragment?.split('#')[1]).get('session') ?? '';
  return { href: value, base, origin: readOrigin(value), token };
}

function isPromiseLike(value: unknown): value is PromiseLike<string> {
  return typeof (value as PromiseLike<string> | undefined)?.then === 'function';
}

/** Resolves `token` or `url` to the session's address: at once when it is at hand, else a promise. Throws `invalid_options`. */
export function resolveAddress(
  options: OpenOptions,
  baseURL: string | undefined,
): Address | Promise<Address> {
  const isUrl = options.url !== undefined;
  const source: Awaitable<string> | undefined = options.url ?? options.token;
  const value = typeof source === 'function' ? source() : source;
  if (!isPromiseLike(value)) return toAddress(value, isUrl, baseURL);
  return Promise.resolve(value).then((text) => toAddress(text, isUrl, baseURL));
}
