import { decodeJwt, decodeProtectedHeader, type JWTPayload, type JWTVerifyGetKey, jwtVerify } from 'jose';
import type { VaultDeps } from '../deps.js';
import { ApiError } from '../http/api-error.js';
import type { AppSettings } from '../settings/settings-reader.js';
import { upsertUser } from '../storage/live/users.js';
import { createJwksCache, type JwksCache } from './jwks-cache.js';

/** Asymmetric algorithms only: a key set is public, so a symmetric one would let anybody sign. */
const algorithms = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
];
const clockToleranceSeconds = 5;
/** Groups of one user that are looked at; each costs a place in a query. */
const groupsMax = 500;

/** The user of a verified token. */
export interface VerifiedUser {
  readonly userId: string;
  readonly issuer: string;
  readonly subject: string;
  readonly email?: string;
  readonly displayName?: string;
  /** Groups of the user, as the token names them. */
  readonly groups: readonly string[];
}

const caches = new WeakMap<VaultDeps, JwksCache>();

function cacheOf(deps: VaultDeps): JwksCache {
  let cache = caches.get(deps);
  if (!cache) {
    cache = createJwksCache(deps);
    caches.set(deps, cache);
  }
  return cache;
}

const readText = (payload: JWTPayload, claim: string): string | undefined => {
  const value = payload[claim];
  // A NUL cannot be stored everywhere, and lone surrogates of two subjects could be stored as one.
  const isStorable = typeof value === 'string' && value !== '' && value.length <= 512 && value.isWellFormed();
  return isStorable && !value.includes('\0') ? value : undefined;
};

/** The groups of a token: a list of names, or one name. What cannot be stored as a name is no group. */
function readGroups(payload: JWTPayload, claim: string): string[] {
  const value = payload[claim];
  const list: unknown[] = Array.isArray(value) ? value : value === undefined ? [] : [value];
  return list.slice(0, groupsMax).flatMap((each) => readText({ group: each }, 'group') ?? []);
}

function refuse(message: string, cause: string): ApiError {
  return new ApiError('jwt_validation_error', { message, fields: { reason: cause } });
}

/**
 * Checks a user token against the app's identity provider (signature, issuer, audience, `exp`, `nbf`) and finds its user.
 * @throws ApiError `jwt_validation_error` with a `reason` that names the check, never a part of the token.
 */
export async function verifyUserToken(
  deps: VaultDeps,
  input: { settings: AppSettings; token: string },
): Promise<VerifiedUser> {
  const { settings, token } = input;
  const idp = settings.identityProvider;
  if (!idp)
    throw refuse(
      'This app has no identity provider, so no user token can be accepted.',
      'no_identity_provider',
    );
  let keyId: string | undefined;
  try {
    const header = decodeProtectedHeader(token);
    if (!header.alg || !algorithms.includes(header.alg))
      throw refuse('The user token is not signed in an accepted way.', 'algorithm');
    keyId = header.kid;
    if (decodeJwt(token).iss !== idp.issuer)
      throw refuse('The user token comes from another issuer.', 'issuer');
  } catch (error) {
    if (error instanceof ApiError) throw error;
    throw refuse('The user token is not a JWT.', 'format');
  }
  const keys = await findKeys(deps, idp.issuer, keyId, settings.allowedNetworks);
  let payload: JWTPayload;
  try {
    const verified = await jwtVerify(token, keys, {
      issuer: idp.issuer,
      audience: idp.audience,
      algorithms,
      requiredClaims: ['exp', 'sub'],
      clockTolerance: clockToleranceSeconds,
      currentDate: new Date(deps.clock()),
    });
    payload = verified.payload;
  } catch (error) {
    throw refuse('The user token was not accepted.', describeFailure(error));
  }
  const subject = readText(payload, idp.claims.user_id);
  if (!subject) throw refuse('The user token does not name its user.', 'subject');
  const email = readText(payload, idp.claims.email);
  const displayName = readText(payload, 'name');
  const user = await upsertUser(deps.storage, {
    appId: settings.appId,
    issuer: idp.issuer,
    subject,
    email: email ?? null,
    displayName: displayName ?? null,
    nowMs: deps.clock(),
  });
  return {
    userId: user.id,
    issuer: user.issuer,
    subject: user.subject,
    groups: readGroups(payload, idp.claims.groups),
    ...(user.email ? { email: user.email } : {}),
    ...(user.display_name ? { displayName: user.display_name } : {}),
  };
}

/** @throws ApiError `service_unavailable`: without keys nothing can be said about the token, and later it can. */
async function findKeys(
  deps: VaultDeps,
  issuer: string,
  keyId: string | undefined,
  allowedNetworks: readonly string[],
): Promise<JWTVerifyGetKey> {
  try {
    return await cacheOf(deps).find(issuer, keyId, allowedNetworks);
  } catch (error) {
    deps.log.warn(
      { error: error instanceof Error ? error.name : 'unknown' },
      'keys of an identity provider not fetched',
    );
    throw new ApiError('service_unavailable', {
      message: "The identity provider's keys cannot be fetched now. Try again shortly.",
      retryAfterSeconds: 2,
    });
  }
}

/** The name of the failed check; jose's own messages are left out because some quote claim values. */
function describeFailure(error: unknown): string {
  const code = error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
  if (code === 'ERR_JWT_EXPIRED') return 'expired';
  if (code === 'ERR_JWT_CLAIM_VALIDATION_FAILED') return 'claim';
  if (code === 'ERR_JWS_SIGNATURE_VERIFICATION_FAILED' || code === 'ERR_JWKS_NO_MATCHING_KEY')
    return 'signature';
  return 'format';
}
