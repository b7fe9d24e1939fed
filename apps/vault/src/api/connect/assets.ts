import { ApiError } from '../../http/api-error.js';
import { page, type RequestContext, type RouteRegistration } from '../../http/route.js';
import { readPageFiles } from './page-files.js';
import { plainPageStyle, renderPlainPage } from './plain-page.js';

const files = readPageFiles();

/**
 * The page's policy (T4): own scripts and styles only, images of any https host for the app's logo, no frames. No
 * Cross-Origin-Opener-Policy: the page has to reach the window that opened it.
 */
const pagePolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "font-src 'self'",
  "img-src 'self' https: data:",
  "connect-src 'self'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "base-uri 'none'",
].join('; ');

async function serveDocument(context: RequestContext): Promise<Response> {
  const { raw } = context;
  raw.header('Content-Security-Policy', pagePolicy);
  raw.header('Cache-Control', 'no-store');
  raw.header('Referrer-Policy', 'no-referrer');
  raw.header('X-Content-Type-Options', 'nosniff');
  raw.header('X-Frame-Options', 'DENY');
  if (!files) {
    return raw.html(
      await renderPlainPage(
        'The connect page is missing',
        'This server was started without its built pages. Build them and start again.',
      ),
      503,
    );
  }
  return raw.body(files.document.bytes, 200, { 'Content-Type': files.document.contentType });
}

function serveAsset(context: RequestContext): Response {
  const file = files?.assets.get(context.raw.req.param('name') ?? '');
  if (!file) throw new ApiError('not_found');
  return context.raw.body(file.bytes, 200, {
    'Content-Type': file.contentType,
    // The build puts a hash of the content into every name.
    'Cache-Control': 'public, max-age=31536000, immutable',
    'X-Content-Type-Options': 'nosniff',
  });
}

/** The hosted connect page and its files. */
export const routes: readonly RouteRegistration[] = [
  page('GET', '/sdk/oauth/connect', serveDocument),
  page('GET', '/sdk/oauth/connect/assets/:name', serveAsset),
  page('GET', '/sdk/oauth/connect/plain.css', (context) =>
    context.raw.body(plainPageStyle, 200, {
      'Content-Type': 'text/css; charset=utf-8',
      'Cache-Control': 'public, max-age=3600',
    }),
  ),
];
