import type Provider from 'oidc-provider';
import { type Exchange, readBearer } from '../http/exchange.js';
import { answerByNode, readNodeHeaders, replayExchange } from '../http/node-bridge.js';
import type { Part, Place } from '../http/part.js';
import type { MessageBox } from '../resource/messages.js';
import { handleResource } from '../resource/resource-api.js';
import { handleInteraction } from './interactions.js';
import { OIDC_PATHS, OIDC_REALM, type ProviderParts } from './provider-factory.js';
import { handleRevocation, handleToken, recordCode } from './token-endpoint.js';

const PLACES: Record<string, Place> = {
  [OIDC_PATHS.authorization]: { realm: OIDC_REALM, endpoint: 'authorize' },
  [OIDC_PATHS.token]: { realm: OIDC_REALM, endpoint: 'token' },
  [OIDC_PATHS.revocation]: { realm: OIDC_REALM, endpoint: 'revocation' },
  [OIDC_PATHS.userinfo]: { realm: OIDC_REALM, endpoint: 'userinfo' },
  [OIDC_PATHS.jwks]: { realm: OIDC_REALM, endpoint: 'jwks' },
  [OIDC_PATHS.discovery]: { realm: OIDC_REALM, endpoint: 'discovery' },
};

/** Serves the OpenID endpoints, their pages, and the resource API below `/api`. `readProvider` gives the current object. */
export function createOidcPart(
  parts: ProviderParts,
  messages: MessageBox,
  readProvider: () => Provider,
): Part {
  const { world, storage } = parts;

  async function serveByLibrary(exchange: Exchange): Promise<Response> {
    const response = await answerByNode(exchange, readProvider().callback());
    if (world.settings.coop && response.headers.get('content-type')?.startsWith('text/html')) {
      response.headers.set('cross-origin-opener-policy', world.settings.coop);
    }
    return response;
  }

  function findBearer(token: string) {
    const found = storage.findToken('AccessToken', token);
    if (found?.kind !== 'AccessToken') return undefined;
    return {
      realm: OIDC_REALM,
      clientId: found.clientId ?? '',
      subject: found.accountId ?? '',
      scopes: new Set((found.scope ?? '').split(' ')),
    };
  }

  return {
    classify(pathname) {
      const place = PLACES[pathname];
      if (place) return place;
      if (pathname.startsWith('/api/')) return { realm: OIDC_REALM, endpoint: 'api' };
      const isPage = pathname.startsWith('/authorize/') || pathname.startsWith('/interaction/');
      return isPage ? { realm: OIDC_REALM, endpoint: 'page' } : undefined;
    },
    async handle(exchange) {
      const { pathname } = exchange.url;
      if (pathname.startsWith('/api/')) {
        return handleResource(world, messages, exchange, {
          realm: OIDC_REALM,
          path: pathname.slice('/api'.length),
          findBearer,
        });
      }
      if (pathname.startsWith('/interaction/')) {
        const pair = replayExchange(exchange);
        const response = await handleInteraction(readProvider(), parts, exchange, pair);
        for (const [name, value] of readNodeHeaders(pair.response)) response.headers.append(name, value);
        return response;
      }
      if (pathname === OIDC_PATHS.token) return handleToken(parts, exchange, serveByLibrary);
      if (pathname === OIDC_PATHS.revocation) return handleRevocation(parts, exchange, serveByLibrary);
      if (pathname === OIDC_PATHS.authorization) askConsent(exchange.url);
      const response = await serveByLibrary(exchange);
      if (pathname.startsWith('/authorize')) recordCode(parts, response);
      if (pathname === OIDC_PATHS.userinfo) recordUserinfo(exchange, response.status);
      return response;
    },
  };

  function recordUserinfo(exchange: Exchange, status: number): void {
    const token = readBearer(exchange.headers);
    if (token === undefined) return;
    const event = status === 200 ? 'accepted' : 'refused';
    world.log.record({ realm: OIDC_REALM, endpoint: 'userinfo', event, tokenType: 'access_token', token });
  }
}

// OpenID Connect Core section 11 grants offline_access only with prompt=consent. Consent is asked every time
// here, so a request that leaves the parameter out is treated as if it had it.
function askConsent(url: URL): void {
  const scopes = (url.searchParams.get('scope') ?? '').split(' ');
  if (!scopes.includes('offline_access')) return;
  const prompts = (url.searchParams.get('prompt') ?? '').split(' ').filter(Boolean);
  if (prompts.includes('consent') || prompts.includes('none')) return;
  url.searchParams.set('prompt', [...prompts, 'consent'].join(' '));
}
