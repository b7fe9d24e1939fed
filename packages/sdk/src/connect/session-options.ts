import type { ConnectSessionRequest } from '@alter-ai/core-contract';
import { AlterValueError } from '../errors/alter-sdk-error.js';
import { type EitherSpelling, type OptionNames, readOptions } from '../options/option-names.js';

/** Lifetime bounds of the new grant; without any, the app's configuration decides. */
export interface GrantPolicyInput {
  /** When the grant ends, ISO 8601 or a date. */
  readonly expiresAt?: string | Date | undefined;
  /** Longest lifetime that the user may choose, seconds. */
  readonly maxTtlSeconds?: number | undefined;
  /** Lifetime where the user chooses none, seconds. */
  readonly defaultTtlSeconds?: number | undefined;
  /** The credential does not leave the vault through this grant: `proxyRequest` works, `request` does not. */
  readonly proxyOnly?: boolean | undefined;
}

/** Options of `App.createConnectSession` (wire/2 §1.1). */
export interface ConnectSessionOptions {
  /** Providers that the page offers; every configured one where absent. */
  readonly allowedProviders?: readonly string[] | undefined;
  /** Where the browser goes afterwards; must be registered for the app. */
  readonly returnUrl?: string | undefined;
  /** Origin of the page that opens the popup; must be registered for the app. */
  readonly allowedOrigin?: string | undefined;
  /** For the audit record: strings, 2 KB at most. */
  readonly metadata?: Readonly<Record<string, string>> | undefined;
  readonly grantPolicy?: GrantPolicyInput | undefined;
  /** Scopes to ask for, by provider id. */
  readonly requiredScopes?: Readonly<Record<string, readonly string[]>> | undefined;
  /** Binds session and grant to this user; the getter's token where absent. */
  readonly userToken?: string | undefined;
  /** Label of the new grant. */
  readonly requestedGrant?: { readonly label: string } | undefined;
  /** Re-authorises this grant in place. */
  readonly repairGrantId?: string | undefined;
  /** Goes straight to the provider; needs exactly one in `allowedProviders`. */
  readonly direct?: boolean | undefined;
  /** Lets the user sign in with another account. */
  readonly switchAccount?: boolean | undefined;
  /** False keeps the user from adding rules of their own; true by default. */
  readonly allowUserPolicyRules?: boolean | undefined;
}

const optionNames: OptionNames<ConnectSessionOptions> = {
  allowedProviders: true,
  returnUrl: true,
  allowedOrigin: true,
  metadata: true,
  grantPolicy: true,
  requiredScopes: true,
  userToken: true,
  requestedGrant: true,
  repairGrantId: true,
  direct: true,
  switchAccount: true,
  allowUserPolicyRules: true,
};

const policyNames: OptionNames<GrantPolicyInput> = {
  expiresAt: true,
  maxTtlSeconds: true,
  defaultTtlSeconds: true,
  proxyOnly: true,
};

/** Reads the options in either spelling. */
export function readSessionOptions(
  given: EitherSpelling<ConnectSessionOptions> | undefined,
): ConnectSessionOptions {
  return readOptions<ConnectSessionOptions>(given, optionNames);
}

/**
 * The body of a connect session.
 * @throws {AlterValueError} options that contradict each other, before any traffic.
 */
export function buildSessionBody(
  options: ConnectSessionOptions,
  userToken: string | undefined,
): ConnectSessionRequest {
  const { allowedProviders, repairGrantId, requiredScopes, grantPolicy } = options;
  const isSingle = new Set(allowedProviders?.map((each) => String(each).trim().toLowerCase())).size === 1;
  if (options.direct === true && !isSingle) {
    throw new AlterValueError('direct needs exactly one provider in allowedProviders');
  }
  if (repairGrantId !== undefined) {
    if (!isSingle) throw new AlterValueError('repairGrantId needs exactly one provider in allowedProviders');
    if (options.requestedGrant !== undefined || options.switchAccount === true) {
      throw new AlterValueError('repairGrantId goes neither with requestedGrant nor with switchAccount');
    }
  }
  return {
    allowed_providers: allowedProviders === undefined ? null : [...allowedProviders],
    return_url: options.returnUrl ?? null,
    allowed_origin: options.allowedOrigin ?? null,
    metadata: options.metadata === undefined ? null : { ...options.metadata },
    ...(options.direct === true && { direct: true }),
    ...(options.switchAccount === true && { switch_account: true }),
    ...(options.allowUserPolicyRules === false && { allow_user_policy_rules: false }),
    ...(grantPolicy !== undefined && { grant_policy: encodeGrantPolicy(grantPolicy) }),
    ...(requiredScopes !== undefined && {
      required_scopes: Object.fromEntries(
        Object.entries(requiredScopes).map(([provider, scopes]) => [provider, [...scopes]]),
      ),
    }),
    ...(options.requestedGrant !== undefined && { requested_grant: { label: options.requestedGrant.label } }),
    ...(repairGrantId !== undefined && { repair_grant_id: repairGrantId.toLowerCase() }),
    ...(userToken !== undefined && { user_token: userToken }),
  };
}

/** Lifetime bounds as they travel. */
export function encodeGrantPolicy(
  given: GrantPolicyInput,
): NonNullable<ConnectSessionRequest['grant_policy']> {
  const options = readOptions<GrantPolicyInput>(given, policyNames);
  const { expiresAt, maxTtlSeconds, defaultTtlSeconds, proxyOnly } = options;
  return {
    ...(expiresAt !== undefined && {
      expires_at: expiresAt instanceof Date ? expiresAt.toISOString() : expiresAt,
    }),
    ...(maxTtlSeconds !== undefined && { max_ttl_seconds: maxTtlSeconds }),
    ...(defaultTtlSeconds !== undefined && { default_ttl_seconds: defaultTtlSeconds }),
    ...(proxyOnly !== undefined && { proxy_only: proxyOnly }),
  };
}
