import { request as httpRequest, type IncomingMessage } from 'node:http';
import { streamContentType } from '@alter-ai/core-contract';
import { buildSignedHeaders, createNonce, deriveSigningKeyObject, sha256Hex } from '@alter-ai/core-crypto';
import type { TestVault } from '../harness.js';
import type { ServedVault } from '../server/socket.js';
import type { Json } from './proxy-world.js';

/** The headers of a signed POST, for requests that are written by hand. */
export function signPost(vault: TestVault, path: string, signed: string): Record<string, string> {
  const apiKey = Object.values(vault.apiKeys)[0] ?? '';
  const headers = buildSignedHeaders(deriveSigningKeyObject(apiKey), {
    method: 'POST',
    target: path,
    timestamp: vault.deps.clock() / 1000,
    nonce: createNonce(),
    bodySha256: sha256Hex(signed),
  });
  const type = path === '/sdk/proxy/stream' ? streamContentType : 'application/json';
  return { ...headers, 'x-api-key': apiKey, 'content-type': type };
}

/** Opens a streamed call and answers when the head of the answer is there. */
export function openStream(
  served: ServedVault,
  vault: TestVault,
  call: Json,
  body: string | undefined,
): Promise<IncomingMessage> {
  const path = '/sdk/proxy/stream';
  const line = JSON.stringify({ ...call, has_body: body !== undefined });
  const headers = signPost(vault, path, line);
  return new Promise((resolve, reject) => {
    const request = httpRequest(
      { port: served.port, host: '127.0.0.1', method: 'POST', path, headers },
      resolve,
    );
    request.once('error', reject);
    request.write(`${line}\n`);
    request.end(body);
  });
}

/** All of a body as text. */
export async function readText(message: IncomingMessage): Promise<string> {
  let text = '';
  for await (const part of message) text += String(part);
  return text;
}
