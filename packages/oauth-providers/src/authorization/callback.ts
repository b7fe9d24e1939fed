import { AuthorizationResponseError, skipStateCheck, validateAuthResponse } from 'oauth4webapi';
import type { ProviderDefinition } from '../definition/definition-schema.js';
import { expandUrlParams, type UrlParams } from '../location/url-params.js';

export type CallbackResult =
  | { ok: true; code: string; metadata: Record<string, string> }
  | {
      ok: false;
      /** `denied`: the person said no. `issuer_mismatch`: another server's answer (RFC 9207). */
      kind: 'denied' | 'issuer_mismatch' | 'malformed' | 'provider_error';
      /** The provider's code, or one of ours; safe to show and log. */
      error: string;
      errorDescription?: string;
    };

/**
 * Judges the parameters of an authorization response. The state has been looked up before: it is how the caller knew
 * which provider this is about.
 */
export function parseCallback(input: {
  definition: ProviderDefinition;
  clientId: string;
  query: URLSearchParams;
  params?: UrlParams | undefined;
}): CallbackResult {
  const { definition, query } = input;
  const issuer =
    definition.issuer === undefined
      ? undefined
      : expandUrlParams(definition, definition.issuer, input.params ?? {});
  const received = query.getAll('iss');
  if (issuer !== undefined && received.length === 1 && received[0] !== issuer) {
    return { ok: false, kind: 'issuer_mismatch', error: 'issuer_mismatch' };
  }
  try {
    const server = {
      // Without a known issuer there is nothing to compare with; each provider's state leads to its own endpoints.
      issuer: issuer ?? received[0] ?? 'https://issuer.invalid',
      authorization_response_iss_parameter_supported:
        issuer !== undefined && definition.authorization_response_iss_parameter_supported,
    };
    const checked = validateAuthResponse(server, { client_id: input.clientId }, query, skipStateCheck);
    const [code, second] = checked.getAll('code');
    if (second !== undefined) return { ok: false, kind: 'malformed', error: 'malformed_callback' };
    if (code === undefined || code === '' || code.length > 8192)
      return { ok: false, kind: 'malformed', error: 'missing_code' };
    return { ok: true, code, metadata: keepParameters(definition, checked) };
  } catch (error) {
    if (!(error instanceof AuthorizationResponseError))
      return { ok: false, kind: 'malformed', error: 'malformed_callback' };
    const code = /^[\w.:-]{1,100}$/.test(error.error) ? error.error : 'unknown_error';
    const description = error.error_description?.replaceAll(/[^\x20-\x7e]/g, ' ').slice(0, 200);
    const kind = code === 'access_denied' || code === 'user_denied' ? 'denied' : 'provider_error';
    return {
      ok: false,
      kind,
      error: code,
      ...(description === undefined ? {} : { errorDescription: description }),
    };
  }
}

function keepParameters(definition: ProviderDefinition, query: URLSearchParams): Record<string, string> {
  const metadata: Record<string, string> = {};
  for (const name of definition.callback_params) {
    const value = query.get(name);
    if (value !== null && value.length <= 2000) metadata[name] = value;
  }
  return metadata;
}
