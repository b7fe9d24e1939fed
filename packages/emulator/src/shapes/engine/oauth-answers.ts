import { type ClientRequest, jsonResponse } from '../../http/exchange.js';
import type { AnswerFacts, OAuthError } from './shape.js';

/** An error as RFC 6749 section 5.2 has it: 401 for the client, 400 for the rest. */
export function answerStandardError(error: OAuthError): Response {
  const body = { error: error.code, error_description: error.description };
  return jsonResponse(body, error.code === 'invalid_client' ? 401 : 400);
}

/** The usual members of a token answer; a member without a value is left out. */
export function makeTokenMembers(facts: AnswerFacts, tokenType = 'Bearer'): Record<string, unknown> {
  return {
    access_token: facts.accessToken,
    token_type: tokenType,
    ...(facts.expiresInSeconds === undefined ? {} : { expires_in: facts.expiresInSeconds }),
    ...(facts.refreshToken === undefined ? {} : { refresh_token: facts.refreshToken }),
    ...(facts.idToken === undefined ? {} : { id_token: facts.idToken }),
  };
}

/** What providers find wrong with a code that comes without the address it was sent to (RFC 6749 section 4.1.3). */
export function requireRedirectUri({ params }: ClientRequest): string | undefined {
  return params.grant_type === 'authorization_code' && !params.redirect_uri
    ? 'redirect_uri is missing'
    : undefined;
}
