import { buildSignedHeaders, createNonce, deriveSigningKeyObject, sha256Hex } from '@alter-ai/core-crypto';

/** What `fetch` needs for a signed call. */
export function signCall(
  apiKey: string,
  method: string,
  path: string,
  options: { body?: string; nonce?: string } = {},
): RequestInit {
  const body = options.body ?? '';
  const signed = buildSignedHeaders(deriveSigningKeyObject(apiKey), {
    method,
    target: path,
    timestamp: Date.now() / 1000,
    nonce: options.nonce ?? createNonce(),
    bodySha256: sha256Hex(body),
  });
  return {
    method,
    headers: { 'x-api-key': apiKey, 'Content-Type': 'application/json', ...signed },
    ...(body === '' ? {} : { body }),
  };
}
