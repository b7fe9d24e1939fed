import { type ClientRequest, type Exchange, jsonResponse, readClientRequest } from '../http/exchange.js';
import type { TokenType } from '../journal/token-log.js';
import { hashToken } from '../journal/token-log.js';
import { OIDC_REALM, type ProviderParts } from './provider-factory.js';

type Serve = (exchange: Exchange) => Promise<Response>;

const queues = new WeakMap<ProviderParts, Map<string, Promise<unknown>>>();

/** Runs a token request, one at a time for each code or refresh token, and writes down what came of it. */
export async function handleToken(parts: ProviderParts, exchange: Exchange, serve: Serve): Promise<Response> {
  const request = readClientRequest(exchange);
  const { params } = request;
  const token = params.refresh_token ?? params.code;
  const tokenType = params.refresh_token ? 'refresh_token' : 'authorization_code';
  const refusal = refuseAuthMethod(parts, request);
  if (refusal && token !== undefined) await recordOutcome(parts, token, tokenType, refusal);
  if (refusal) return refusal;
  if (token === undefined) return serve(exchange);
  // The library looks a token up and marks it spent in two steps; two requests at once would both pass.
  return runInTurn(parts, hashToken(token), async () => {
    const wasSpent = isSpent(parts, params.refresh_token);
    const response = await serve(exchange);
    await recordOutcome(parts, token, tokenType, response);
    if (wasSpent && response.status !== 200) recordFamilyRevoked(parts, token);
    return response;
  });
}

/** Runs a revocation request (RFC 7009) and writes down what it ended. */
export async function handleRevocation(
  parts: ProviderParts,
  exchange: Exchange,
  serve: Serve,
): Promise<Response> {
  const request = readClientRequest(exchange);
  const { token } = request.params;
  const response = refuseAuthMethod(parts, request) ?? (await serve(exchange));
  if (token !== undefined) {
    const tokenType = parts.world.log.find(token)?.tokenType ?? 'unknown';
    const place = { realm: OIDC_REALM, endpoint: 'revocation', tokenType, token } as const;
    parts.world.log.record({ ...place, event: 'presented' });
    parts.world.log.record({ ...place, event: response.status === 200 ? 'revoked' : 'refused' });
  }
  return response;
}

/** Writes down the code of a redirect back to the application. */
export function recordCode(parts: ProviderParts, response: Response): void {
  const location = response.headers.get('location');
  if (!location || !URL.canParse(location)) return;
  const code = new URL(location).searchParams.get('code');
  const stored = code ? parts.storage.findToken('AuthorizationCode', code) : undefined;
  if (!code || !stored) return;
  parts.world.log.recordIssued(
    {
      realm: OIDC_REALM,
      tokenType: 'authorization_code',
      token: code,
      family: stored.grantId ?? '',
      clientId: stored.clientId ?? '',
      subject: stored.accountId ?? '',
    },
    'authorize',
  );
}

/** The library takes Basic for a client registered with `client_secret_post` and the other way round; this does not. */
function refuseAuthMethod(parts: ProviderParts, request: ClientRequest): Response | undefined {
  const client = parts.storage.clients.get(request.clientId ?? '');
  if (!client || (client.authMethod ?? 'client_secret_basic') === request.authMethod) return undefined;
  const body = { error: 'invalid_client', error_description: 'client authentication failed' };
  return jsonResponse(body, 401, { 'www-authenticate': 'Basic realm="emulator"' });
}

async function recordOutcome(parts: ProviderParts, token: string, tokenType: TokenType, response: Response) {
  const { log } = parts.world;
  const place = { realm: OIDC_REALM, endpoint: 'token', tokenType, token } as const;
  const body = (await response
    .clone()
    .json()
    .catch(() => ({}))) as Record<string, unknown>;
  if (response.status !== 200) {
    log.record({ ...place, event: 'refused', detail: String(body.error ?? response.status) });
    return;
  }
  log.record({ ...place, event: 'accepted' });
  const known = log.find(token);
  if (!known) return;
  const { realm, family, clientId, subject } = known;
  for (const type of ['access_token', 'refresh_token', 'id_token'] as const) {
    const value = body[type];
    if (typeof value !== 'string') continue;
    log.recordIssued({ realm, family, clientId, subject, tokenType: type, token: value }, 'token');
  }
}

function isSpent(parts: ProviderParts, refreshToken: string | undefined): boolean {
  if (refreshToken === undefined) return false;
  return parts.storage.findToken('RefreshToken', refreshToken)?.consumed !== undefined;
}

function recordFamilyRevoked(parts: ProviderParts, token: string): void {
  const detail = 'refresh token used again';
  const place = { realm: OIDC_REALM, endpoint: 'token', tokenType: 'refresh_token', token } as const;
  parts.world.log.record({ ...place, event: 'family_revoked', detail });
}

async function runInTurn(parts: ProviderParts, key: string, run: () => Promise<Response>): Promise<Response> {
  const queue = queues.get(parts) ?? new Map<string, Promise<unknown>>();
  queues.set(parts, queue);
  const turn = (queue.get(key) ?? Promise.resolve()).then(run, run);
  queue.set(key, turn);
  try {
    return await turn;
  } finally {
    if (queue.get(key) === turn) queue.delete(key);
  }
}
