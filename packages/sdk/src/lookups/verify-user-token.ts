import { sdkEndpoints } from '@alter-ai/core-contract';
import { callEndpoint } from '../vault/call-endpoint.js';
import { requireOpen, type VaultClient } from '../vault/vault-client.js';

/** `App.verifyUserToken`: the token's subject; null for every other outcome, never an exception (wire/2 §5.5). */
export async function verifyUserToken(client: VaultClient, token: string): Promise<string | null> {
  try {
    requireOpen(client);
    const answer = await callEndpoint(client, sdkEndpoints.verifyUserToken, { body: { token } });
    return answer.sub.trim() === '' ? null : answer.sub;
  } catch {
    return null;
  }
}
