import { type CreateSecretGrantRequest, sdkEndpoints } from '@alter-ai/core-contract';
import { encodeGrantPolicy, type GrantPolicyInput } from '../connect/session-options.js';
import { AlterValueError } from '../errors/alter-sdk-error.js';
import { type EitherSpelling, type OptionNames, readOptions } from '../options/option-names.js';
import { callEndpoint } from '../vault/call-endpoint.js';
import { requireOpen, type VaultClient } from '../vault/vault-client.js';

/** Whom a managed secret is granted to: the app itself, one user, or a group of the app's identity provider. */
export type SecretPrincipal =
  | { readonly type: 'system'; readonly label?: string | undefined }
  | { readonly type: 'user'; readonly userToken: string; readonly label: string }
  | {
      readonly type: 'group';
      readonly externalGroupId: string;
      readonly idpId: string;
      readonly label: string;
    };

/** Options of `App.createManagedSecretGrant`. */
export interface SecretGrantOptions {
  readonly principal: SecretPrincipal;
  readonly grantPolicy?: GrantPolicyInput | undefined;
  /** Which of several stored credentials. */
  readonly credentialId?: string | undefined;
}

/** A grant on a managed secret, just made. */
export interface CreatedGrant {
  readonly grantId: string;
  readonly principalType: 'user' | 'group' | 'system' | 'agent';
  readonly label: string | null;
  /** ISO 8601. */
  readonly createdAt: string;
  readonly credentialId: string | undefined;
}

const optionNames: OptionNames<SecretGrantOptions> = {
  principal: true,
  grantPolicy: true,
  credentialId: true,
};

/** `App.createManagedSecretGrant` (wire/2 §7.5). */
export async function createSecretGrant(
  client: VaultClient,
  managedSecretId: string,
  given: EitherSpelling<SecretGrantOptions>,
): Promise<CreatedGrant> {
  requireOpen(client);
  const { principal, grantPolicy, credentialId } = readOptions<SecretGrantOptions>(given, optionNames);
  if (typeof managedSecretId !== 'string' || managedSecretId === '') {
    throw new AlterValueError('managedSecretId must be a string');
  }
  const answer = await callEndpoint(client, sdkEndpoints.createSecretGrant, {
    pathValues: { managed_secret_id: managedSecretId },
    body: {
      principal: encodePrincipal(principal),
      grant_policy: grantPolicy === undefined ? {} : encodeGrantPolicy(grantPolicy),
      ...(credentialId !== undefined && { credential_id: credentialId }),
    },
  });
  return {
    grantId: answer.grant_id,
    principalType: answer.principal_type,
    label: answer.label,
    createdAt: answer.created_at,
    credentialId: answer.credential_id,
  };
}

function encodePrincipal(principal: SecretPrincipal): CreateSecretGrantRequest['principal'] {
  switch (principal?.type) {
    case 'system':
      return { type: 'system', label: principal.label ?? null };
    case 'user':
      return { type: 'user', user_token: principal.userToken, label: principal.label };
    case 'group':
      return {
        type: 'group',
        external_group_id: principal.externalGroupId,
        idp_id: principal.idpId,
        label: principal.label,
      };
    default:
      throw new AlterValueError('principal.type must be system, user or group');
  }
}
