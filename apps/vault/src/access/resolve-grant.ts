import type { TokenRequest } from '@alter-ai/core-contract';
import type { VaultDeps } from '../deps.js';
import { ApiError } from '../http/api-error.js';
import { type VerifiedUser, verifyUserToken } from '../identity/verify-user-token.js';
import { listGroupIds } from '../secrets/secret-principal.js';
import type { AppSettings } from '../settings/settings-reader.js';
import { findGrantsForPrincipal, type GrantRow } from '../storage/live/grants/grants.js';
import { findUsableGrant, type UsableGrant } from '../storage/live/grants/usable-grant.js';
import { findGrantsForGroups } from '../storage/secrets/secret-grants.js';

/** Candidates that an ambiguous answer names at most. */
const candidatesMax = 50;

/** A grant that was found, whatever its state, and the user of the request's token. */
export interface ResolvedGrant {
  readonly grant: UsableGrant;
  readonly userId: string | undefined;
}

/**
 * Finds the grant that a call means: by id, or by provider and account for the user of its token; without a user token a
 * provider name reaches the app's own grants only.
 * @throws ApiError `grant_not_found`, `ambiguous_grant`, `provider_not_configured`, `jwt_validation_error`
 */
export async function resolveGrant(
  deps: VaultDeps,
  settings: AppSettings,
  body: TokenRequest,
  onUser: (userId: string) => void = () => undefined,
): Promise<ResolvedGrant> {
  const { user_token: token } = body;
  const user = token ? await verifyUserToken(deps, { settings, token }) : undefined;
  if (user) onUser(user.userId);
  const grant =
    body.grant_id === undefined
      ? await findByProvider(deps, settings, body, user)
      : await findById(deps, settings, body.grant_id, user);
  return { grant, userId: user?.userId };
}

async function findById(
  deps: VaultDeps,
  settings: AppSettings,
  grantId: string,
  user: VerifiedUser | undefined,
): Promise<UsableGrant> {
  const grant = await findUsableGrant(deps.storage, settings.appId, grantId);
  // Unknown, malformed, another app's, another user's: one answer for all (T2).
  if (!grant || isForeign(grant, user)) throw new ApiError('grant_not_found');
  return grant;
}

/** Whether a user is named whose grant it is not, neither by itself nor by a group. */
function isForeign(grant: UsableGrant, user: VerifiedUser | undefined): boolean {
  if (user === undefined || grant.principal_type === 'system') return false;
  if (grant.principal_type === 'user') return grant.principal_id !== user.userId;
  return !listGroupIds(user).includes(grant.principal_id);
}

async function findByProvider(
  deps: VaultDeps,
  settings: AppSettings,
  body: TokenRequest,
  user: VerifiedUser | undefined,
): Promise<UsableGrant> {
  const providerId = body.provider_id ?? '';
  const ofPrincipal = await findGrantsForPrincipal(
    deps.storage,
    settings.appId,
    user === undefined ? 'system' : 'user',
    user?.userId ?? 'system',
    providerId,
  );
  const select = (rows: readonly GrantRow[]) =>
    rows.filter((row) => matchesAccount(row, body.account) && matchesLabel(row, body.label));
  const nowMs = deps.clock();
  const isLive = (row: GrantRow) =>
    row.status === 'active' && (row.expires_at === null || row.expires_at > nowMs);
  let matching = select(ofPrincipal);
  // A user's own grant comes before those of the user's groups, which only managed secrets have.
  if (user && settings.managedSecrets.has(providerId) && !matching.some(isLive)) {
    const groupIds = listGroupIds(user);
    const shared = await findGrantsForGroups(deps.storage, settings.appId, groupIds, providerId);
    matching = [...select(shared), ...matching];
  }
  const live = matching.filter(isLive);
  if (live.length > 1) throw describeAmbiguity(providerId, body, live);
  // Rows come newest first, and an expired grant says more than a revoked one.
  const chosen = live[0] ?? matching.find((row) => row.status === 'active') ?? matching[0];
  if (!chosen) throw describeAbsence(settings, providerId);
  const grant = await findUsableGrant(deps.storage, settings.appId, chosen.id);
  if (!grant) throw describeAbsence(settings, providerId);
  return grant;
}

function matchesAccount(row: GrantRow, account: string | null | undefined): boolean {
  if (account === undefined || account === null || account === '') return true;
  return row.account_identifier.toLowerCase() === account.toLowerCase() || row.subject === account;
}

function matchesLabel(row: GrantRow, label: string | null | undefined): boolean {
  return label === undefined || label === null || label === '' || row.label === label;
}

function describeAmbiguity(providerId: string, body: TokenRequest, rows: readonly GrantRow[]): ApiError {
  const named = rows.slice(0, candidatesMax);
  return new ApiError('ambiguous_grant', {
    fields: {
      provider_id: providerId,
      account_identifiers: [...new Set(named.map((row) => row.account_identifier))],
      grant_ids: named.map((row) => row.id),
      candidates: named.map((row) => ({
        grant_id: row.id,
        account_identifier: row.account_identifier,
        ...(row.label === null ? {} : { label: row.label }),
        ...(row.account_display_name === null ? {} : { account_display_name: row.account_display_name }),
      })),
      ...(body.account ? { account_was_provided: true } : {}),
      ...(rows.length > candidatesMax ? { candidates_truncated: true } : {}),
    },
  });
}

function describeAbsence(settings: AppSettings, providerId: string): ApiError {
  const provider = settings.providers.get(providerId);
  if (settings.managedSecrets.has(providerId) || (provider && provider.clientId !== null)) {
    return new ApiError('grant_not_found', { fields: { provider_id: providerId } });
  }
  return new ApiError('provider_not_configured', {
    message: `The provider ${providerId} is not configured for this app.`,
    fields: { provider_id: providerId },
  });
}
