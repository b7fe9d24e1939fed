import { randomToken } from '@alter-ai/core-crypto';
import type { Context } from 'hono';
import { getCookie, setCookie } from 'hono/cookie';

/** The cookie's own name keeps it apart from other servers on one host; `__Host-` wherever the scheme allows (decisions.md "Cookies"). */
const cookieName = 'alter_vault_connect';
const maxAgeSeconds = 86_400;

const isHttps = (publicUrl: string) => publicUrl.startsWith('https:');

/** The secret that binds an authorization to this browser (C3); undefined when the browser has none yet. */
export function readBrowserSecret(context: Context, publicUrl: string): string | undefined {
  const value = isHttps(publicUrl) ? getCookie(context, cookieName, 'host') : getCookie(context, cookieName);
  return value && /^[A-Za-z0-9_-]{43}$/.test(value) ? value : undefined;
}

/** The browser's secret, set now if it has none. Host-only, out of reach of scripts; Lax, because the provider's redirect must carry it. */
export function ensureBrowserSecret(context: Context, publicUrl: string): string {
  const secret = readBrowserSecret(context, publicUrl) ?? randomToken(32);
  setCookie(context, cookieName, secret, {
    path: '/',
    httpOnly: true,
    sameSite: 'Lax',
    maxAge: maxAgeSeconds,
    ...(isHttps(publicUrl) ? { secure: true, prefix: 'host' as const } : {}),
  });
  return secret;
}
