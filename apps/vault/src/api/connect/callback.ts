import { completeAuthorization } from '../../connect/callback/complete-authorization.js';
import { page, type RequestContext, type RouteRegistration } from '../../http/route.js';
import { readBrowserSecret } from './browser-cookie.js';
import { refusals, renderPlainPage } from './plain-page.js';

async function handleCallback(context: RequestContext): Promise<Response> {
  const { deps, raw } = context;
  const outcome = await completeAuthorization(deps, {
    query: new URL(raw.req.url).searchParams,
    browserSecret: readBrowserSecret(raw, deps.config.publicUrl),
    sourceAddress: context.sourceAddress,
  });
  raw.header('Cache-Control', 'no-store');
  raw.header('Referrer-Policy', 'no-referrer');
  raw.header(
    'Content-Security-Policy',
    "default-src 'none'; style-src 'self'; frame-ancestors 'none'; base-uri 'none'",
  );
  if (outcome.kind === 'provider') return raw.redirect(outcome.url, 303);
  if (outcome.kind === 'page')
    return raw.redirect(`${deps.config.publicUrl}/sdk/oauth/connect?handle=${outcome.sessionId}`, 303);
  const { title, text } = refusals[outcome.reason];
  return raw.html(await renderPlainPage(title, text), 400);
}

/** Where every provider sends browsers back to. */
export const routes: readonly RouteRegistration[] = [page('GET', '/oauth/callback', handleCallback)];
