import { sdkEndpoints } from '@alter-ai/core-contract';
import { type EitherSpelling, type OptionNames, readOptions } from '../options/option-names.js';
import { callEndpoint } from '../vault/call-endpoint.js';
import { requireOpen, type VaultClient } from '../vault/vault-client.js';

/** Options of `App.mintGrant` (wire/2 §7.2). */
export interface MintGrantOptions {
  /** Tells the new grant from its siblings. */
  readonly label: string;
  /** The new grant never outlives its source. */
  readonly grantPolicy?:
    | {
        readonly expiresAt?: string | Date | undefined;
        readonly maxTtlSeconds?: number | undefined;
        /** The credential does not leave the vault through the new grant; inherited from a source that has it. */
        readonly proxyOnly?: boolean | undefined;
      }
    | undefined;
  /** Kept in the audit record. */
  readonly grantTags?: readonly string[] | undefined;
}

/** A grant that was minted from another one. */
export interface MintedGrant {
  readonly grantId: string;
  readonly providerId: string;
  readonly principalType: 'user' | 'group' | 'system' | 'agent';
  readonly label: string;
  /** ISO 8601. */
  readonly createdAt: string;
  /** End of the grant, ISO 8601; null for none. */
  readonly expiresAt: string | null;
}

const optionNames: OptionNames<MintGrantOptions> = { label: true, grantPolicy: true, grantTags: true };

/** `App.mintGrant` (wire/2 §7.2). */
export async function mintGrant(
  client: VaultClient,
  sourceGrantId: string,
  given: EitherSpelling<MintGrantOptions>,
): Promise<MintedGrant> {
  requireOpen(client);
  const { label, grantPolicy, grantTags } = readOptions<MintGrantOptions>(given, optionNames);
  const { expiresAt, maxTtlSeconds, proxyOnly } = grantPolicy ?? {};
  const answer = await callEndpoint(client, sdkEndpoints.mintGrant, {
    pathValues: { grant_id: sourceGrantId },
    subject: { grantId: sourceGrantId, label },
    body: {
      label,
      ...(grantPolicy !== undefined && {
        grant_policy: {
          ...(expiresAt !== undefined && {
            expires_at: expiresAt instanceof Date ? expiresAt.toISOString() : expiresAt,
          }),
          ...(maxTtlSeconds !== undefined && { max_ttl_seconds: maxTtlSeconds }),
          ...(proxyOnly !== undefined && { proxy_only: proxyOnly }),
        },
      }),
      ...(grantTags !== undefined && { grant_tags: [...grantTags] }),
    },
  });
  return {
    grantId: answer.grant_id,
    providerId: answer.provider_id,
    principalType: answer.principal_type,
    label: answer.label,
    createdAt: answer.created_at,
    expiresAt: answer.expires_at,
  };
}
