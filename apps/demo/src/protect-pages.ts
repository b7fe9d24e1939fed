import type { MiddlewareHandler } from 'hono';
import type { DemoConfig } from './config.js';

/**
 * Headers of every answer, and one rule for every form: it comes from a page of this origin. A page of the emulated
 * providers is on the same host and so counts as the same site for cookies.
 */
export function protectPages(config: DemoConfig): MiddlewareHandler {
  const vault = config.vault.baseUrl;
  const policy = [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data:",
    // The popup library asks the vault how the session stands; the redirect's form ends at the vault's page.
    `connect-src 'self' ${vault}`,
    `form-action 'self' ${vault}`,
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
  return async (context, next) => {
    const isRead = context.req.method === 'GET' || context.req.method === 'HEAD';
    if (!isRead && context.req.header('origin') !== config.url) {
      return context.text('This form belongs to another page.', 403);
    }
    await next();
    context.header('content-security-policy', policy);
    context.header('cross-origin-opener-policy', 'same-origin-allow-popups');
    context.header('referrer-policy', 'same-origin');
    context.header('x-content-type-options', 'nosniff');
    if (!context.res.headers.has('cache-control')) context.header('cache-control', 'no-store');
  };
}
