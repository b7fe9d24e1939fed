import type { ClientRegistration, World } from '../../control/world.js';
import type { ClientRequest } from '../../http/exchange.js';
import { isSameText } from '../../http/same-text.js';
import type { SigningKeys } from '../../oidc/signing-keys.js';
import type { MessageBox } from '../../resource/messages.js';
import type { EmulatedUser } from '../../users.js';
import type { OAuthError, Shape } from './shape.js';
import type { TokenStore } from './token-store.js';

/** What the shaped providers of a process have in common. */
export type ShapesContext = {
  world: World;
  store: TokenStore;
  users: readonly EmulatedUser[];
  messages: MessageBox;
  keys: SigningKeys;
  /** Registered clients by provider id, then client id. */
  clients: Map<string, Map<string, ClientRegistration>>;
  /** Origin of the server, without a trailing slash. */
  origin: string;
};

/** Address below which one provider lives. */
export function makeBaseUrl(context: ShapesContext, shape: Shape): string {
  return `${context.origin}/p/${shape.id}`;
}

/** The client that a request names and proves to be, in the way the provider wants; or what is wrong. */
export function authenticateClient(
  context: ShapesContext,
  shape: Shape,
  request: ClientRequest,
): { client: ClientRegistration } | { error: OAuthError } {
  const fail = (cause: OAuthError['cause'], description: string) => ({
    error: { code: 'invalid_client' as const, cause, description },
  });
  const client = context.clients.get(shape.id)?.get(request.clientId ?? '');
  if (!client) return fail('client_id', 'client is not known');
  if (request.authMethod !== shape.authMethod) return fail('auth_method', `${shape.authMethod} is needed`);
  const given = request.clientSecret ?? '';
  const isRight = [client.clientSecret, client.previousClientSecret].some(
    (secret) => secret !== undefined && isSameText(secret, given),
  );
  return isRight ? { client } : fail('client_secret', 'client secret is wrong');
}
