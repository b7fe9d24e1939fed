import {
  buildSignedHeaders,
  createNonce,
  deriveKeyId,
  deriveSigningKeyObject,
  sha256Hex,
} from '@alter-ai/core-crypto';

/** Headers of one POST of JSON to the vault, as an SDK sends it: signed, without the key. */
export type SignCall = (path: string, body: string, nonce?: string) => Record<string, string>;

/** Prepares calls with one API key. */
export function createCallSigner(apiKey: string): SignCall {
  const signingKey = deriveSigningKeyObject(apiKey);
  const keyId = deriveKeyId(apiKey);
  return (path, body, nonce = createNonce()) => ({
    'content-type': 'application/json',
    'X-Alter-Key-Id': keyId,
    ...buildSignedHeaders(signingKey, {
      method: 'POST',
      target: path,
      timestamp: Math.floor(Date.now() / 1000),
      nonce,
      bodySha256: sha256Hex(body),
    }),
  });
}
