import type { ProviderDefinition } from '../definition/definition-schema.js';

/** The app's registration at a provider. */
export type ProviderClient = { id: string; secret?: string | undefined };

/** What authenticates the client (RFC 6749 section 2.3.1): headers and body fields, by one method and never by two. */
export function authenticateClient(
  definition: ProviderDefinition,
  client: ProviderClient,
  method: ProviderDefinition['token_endpoint_auth_method'],
): { headers: Record<string, string>; fields: Record<string, string> } {
  const { id, secret } = client;
  if (method === 'none' || secret === undefined)
    return { headers: {}, fields: { [definition.client_id_parameter]: id } };
  if (method === 'client_secret_post') {
    return { headers: {}, fields: { [definition.client_id_parameter]: id, client_secret: secret } };
  }
  return {
    headers: { Authorization: encodeBasic(definition.client_secret_basic_encoding, id, secret) },
    fields: {},
  };
}

/** The Basic header of RFC 7617, id and secret form-encoded before where the server undoes that. */
export function encodeBasic(
  encoding: ProviderDefinition['client_secret_basic_encoding'],
  id: string,
  secret: string,
): string {
  const encode = encoding === 'form' ? formEncode : (text: string) => text;
  return `Basic ${Buffer.from(`${encode(id)}:${encode(secret)}`, 'utf8').toString('base64')}`;
}

// WHATWG form encoding leaves - _ . as they are, so servers that forget to decode still understand most clients.
function formEncode(text: string): string {
  return new URLSearchParams({ v: text }).toString().slice(2);
}
