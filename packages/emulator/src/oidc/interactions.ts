import type { IncomingMessage, ServerResponse } from 'node:http';
import type Provider from 'oidc-provider';
import type { Exchange } from '../http/exchange.js';
import { renderConsentPage, renderLoginPage, renderProblemPage } from '../http/sign-in-pages.js';
import { findUser } from '../users.js';
import type { ProviderParts } from './provider-factory.js';

type NodePair = { request: IncomingMessage; response: ServerResponse };
type Details = Awaited<ReturnType<Provider['interactionDetails']>>;

/** Serves the login and consent pages and takes their forms (`/interaction/{uid}`). */
export async function handleInteraction(
  provider: Provider,
  parts: ProviderParts,
  exchange: Exchange,
  { request, response }: NodePair,
): Promise<Response> {
  const { settings } = parts.world;
  const providerName = parts.options.displayName ?? 'Acme';
  let details: Details;
  try {
    details = await provider.interactionDetails(request, response);
  } catch {
    const advice = 'Go back to the application and start again.';
    return renderProblemPage(providerName, 'This sign-in has expired.', advice, settings.coop);
  }
  if (exchange.method === 'POST') {
    const result = await readDecision(provider, parts, details, exchange);
    if (result === undefined) {
      return renderProblemPage(
        providerName,
        'That choice is not known.',
        'Go back and choose again.',
        settings.coop,
      );
    }
    const location = await provider.interactionResult(request, response, result, {
      mergeWithLastSubmission: true,
    });
    // Only now: the library compares the session with the one that this sign-in began in. A session that still
    // names another account would make it ask for a sign-out first.
    const { session } = details;
    if (details.prompt.name === 'login' && session?.uid) parts.storage.forgetSessionAccount(session.uid);
    return new Response(null, { status: 303, headers: { location, 'cache-control': 'no-store' } });
  }
  const clientId = String(details.params.client_id);
  const view = {
    providerName,
    clientName: parts.storage.clients.get(clientId)?.name ?? clientId,
    action: exchange.url.pathname,
    coop: settings.coop,
  };
  if (details.prompt.name === 'login') return renderLoginPage(view, parts.users);
  const user = findUser(parts.users, details.session?.accountId ?? '');
  if (!user) return renderLoginPage(view, parts.users);
  return renderConsentPage(view, user, listOptionalScopes(details));
}

async function readDecision(provider: Provider, parts: ProviderParts, details: Details, exchange: Exchange) {
  const form = new URLSearchParams(new TextDecoder().decode(exchange.body));
  const denied = { error: 'access_denied', error_description: 'the user denied the request' };
  if (details.prompt.name === 'login') {
    if (form.has('cancel')) return denied;
    const user = findUser(parts.users, form.get('user') ?? '');
    if (!user) return undefined;
    const consent = parts.options.isConsentSkipped
      ? { consent: { grantId: await grantScopes(provider, details, user.id, listOptionalScopes(details)) } }
      : {};
    return { login: { accountId: user.id }, ...consent };
  }
  if (form.get('decision') === 'deny') return denied;
  const accountId = details.session?.accountId;
  if (form.get('decision') !== 'allow' || !accountId) return undefined;
  return { consent: { grantId: await grantScopes(provider, details, accountId, form.getAll('scope')) } };
}

/** Makes a grant of its own for each authorization: one family of tokens never touches another. */
async function grantScopes(provider: Provider, details: Details, accountId: string, ticked: string[]) {
  const grant = new provider.Grant({ accountId, clientId: String(details.params.client_id) });
  for (const scope of listScopes(details)) {
    if (scope === 'openid' || ticked.includes(scope)) grant.addOIDCScope(scope);
    else grant.rejectOIDCScope(scope);
  }
  return grant.save();
}

function listScopes(details: Details): string[] {
  return String(details.params.scope ?? '')
    .split(' ')
    .filter(Boolean);
}

function listOptionalScopes(details: Details): string[] {
  return listScopes(details).filter((scope) => scope !== 'openid');
}
