import { sdkEndpoints } from '@alter-ai/core-contract';
import { encodeGrantPolicy, type GrantPolicyInput } from '../connect/session-options.js';
import { type EitherSpelling, type OptionNames, readOptions } from '../options/option-names.js';
import { callEndpoint } from '../vault/call-endpoint.js';
import { requireOpen, type VaultClient } from '../vault/vault-client.js';

/** Options of `App.createManagedSecretConnectSession` (wire/2 §4.1). */
export interface KeySessionOptions {
  /** Slug of the managed secret. */
  readonly provider: string;
  /** Whose key it will be; the getter is not asked. */
  readonly userToken: string;
  /** Label of the grant. */
  readonly requestedGrant?: { readonly label: string } | undefined;
  readonly grantPolicy?: GrantPolicyInput | undefined;
  /** Leaves out the choice of a lifetime. */
  readonly direct?: boolean | undefined;
  /** Replaces the key of this grant in place. */
  readonly repairGrantId?: string | undefined;
  readonly allowedOrigin?: string | undefined;
  readonly returnUrl?: string | undefined;
  readonly allowUserPolicyRules?: boolean | undefined;
}

/** A session in which a user enters a key: hand it to the popup library, or send the browser to `connectUrl`. */
export interface KeySession {
  readonly sessionToken: string;
  readonly connectUrl: string;
  readonly expiresInSeconds: number;
  /** ISO 8601. */
  readonly expiresAt: string;
  /** The user has a working grant (`fast_path`), types a key (`key_entry`), or replaces one (`repair`). */
  readonly path: 'fast_path' | 'key_entry' | 'repair';
  readonly existingGrantId: string | null;
}

const optionNames: OptionNames<KeySessionOptions> = {
  provider: true,
  userToken: true,
  requestedGrant: true,
  grantPolicy: true,
  direct: true,
  repairGrantId: true,
  allowedOrigin: true,
  returnUrl: true,
  allowUserPolicyRules: true,
};

/** `App.createManagedSecretConnectSession` (wire/2 §4). */
export async function createKeySession(
  client: VaultClient,
  given: EitherSpelling<KeySessionOptions>,
): Promise<KeySession> {
  requireOpen(client);
  const options = readOptions<KeySessionOptions>(given, optionNames);
  const { requestedGrant, grantPolicy, repairGrantId, allowedOrigin, returnUrl } = options;
  const answer = await callEndpoint(client, sdkEndpoints.createSecretSession, {
    subject: { grantId: repairGrantId, providerId: options.provider },
    body: {
      provider: options.provider,
      user_token: options.userToken,
      ...(allowedOrigin !== undefined && { allowed_origin: allowedOrigin }),
      ...(returnUrl !== undefined && { return_url: returnUrl }),
      ...(options.allowUserPolicyRules === false && { allow_user_policy_rules: false }),
      ...(requestedGrant !== undefined && { requested_grant: { label: requestedGrant.label } }),
      ...(grantPolicy !== undefined && { grant_policy: encodeGrantPolicy(grantPolicy) }),
      ...(options.direct === true && { direct: true }),
      ...(repairGrantId !== undefined && { repair_grant_id: repairGrantId.toLowerCase() }),
    },
  });
  return {
    sessionToken: answer.session_token,
    connectUrl: answer.connect_url,
    expiresInSeconds: answer.expires_in,
    expiresAt: answer.expires_at,
    path: answer.path,
    existingGrantId: answer.existing_grant_id,
  };
}
