import { type ProviderRevocation, sdkEndpoints, uuidSchema } from '@alter-ai/core-contract';
import { AlterValueError } from '../errors/alter-sdk-error.js';
import { type EitherSpelling, type OptionNames, readOptions } from '../options/option-names.js';
import { resolveUserToken } from '../options/user-token.js';
import { callEndpoint } from '../vault/call-endpoint.js';
import { requireOpen, type VaultClient } from '../vault/vault-client.js';

/** Options of `App.revokeGrant`. */
export interface RevokeGrantOptions {
  /** For the audit record. */
  readonly reason?: string | undefined;
}

/** What became of a revocation. */
export interface RevokeGrantResult {
  readonly success: boolean;
  readonly message: string;
  readonly grantId: string;
  /** ISO 8601. */
  readonly revokedAt: string;
  /** What happened at the provider; the grant is refused from now on in any case. */
  readonly providerRevocation: ProviderRevocation;
}

const optionNames: OptionNames<RevokeGrantOptions> = { reason: true };

/** `App.revokeGrant` (wire/2 §7.1); with a user token only that user's grants. */
export async function revokeGrant(
  client: VaultClient,
  grantId: string,
  given: EitherSpelling<RevokeGrantOptions> | undefined,
): Promise<RevokeGrantResult> {
  requireOpen(client);
  const { reason } = readOptions<RevokeGrantOptions>(given, optionNames);
  const id = uuidSchema.safeParse(typeof grantId === 'string' ? grantId.toLowerCase() : grantId);
  if (!id.success) throw new AlterValueError('grantId must be a UUID');
  const userToken = await resolveUserToken(undefined, client.settings.userTokenGetter);
  const answer = await callEndpoint(client, sdkEndpoints.revokeGrant, {
    pathValues: { grant_id: id.data },
    subject: { grantId: id.data },
    body: { reason, user_token: userToken },
  });
  return {
    success: answer.success,
    message: answer.message,
    grantId: answer.grant_id,
    revokedAt: answer.revoked_at,
    providerRevocation: answer.provider_revocation,
  };
}
