import type { TokenRequest } from '@alter-ai/core-contract';
import type { VaultDeps } from '../deps.js';
import { ApiError } from '../http/api-error.js';
import { verifyUserToken } from '../identity/verify-user-token.js';
import type { AppSettings } from '../settings/settings-reader.js';
import { findGrantsForPrincipal, type GrantRow } from '../storage/live/grants.js';
import { findUsableGrant, type UsableGrant } from '../storage/live/usable-grant.js';

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
      ? await findByProvider(deps, settings, body, user?.userId)
      : await findById(deps, settings, body.grant_id, user?.userId);
  return { grant, userId: user?.userId };
}

async function findById(
  deps: VaultDeps,
  settings: AppSettings,
  grantId: string,
  userId: string | undefined,
): Promise<UsableGrant> {
  const grant = await findUsableGrant(deps.storage, settings.appId, grantId);
  // Unknown, malformed, another app's, another user's: one answer for all (T2).
  const isForeign = grant?.principal_type === 'user' && userId !== undefined && grant.principal_id !== userId;
  if (!grant || isForeign) throw new ApiError('grant_not_found');
  return grant;
}

async function findByProvider(
  deps: VaultDeps,
  settings: AppSettings,
  body: TokenRequest,
  userId: string | undefined,
): Promise<UsableGrant> {
  const providerId = body.provider_id ?? '';
  const rows = await findGrantsForPrincipal(
    deps.storage,
    settings.appId,
    userId === undefined ? 'system' : 'user',
    userId ?? 'system',
    providerId,
  );
  const matching = rows.filter((row) => matchesAccount(row, body.account) && matchesLabel(row, body.label));
  const nowMs = deps.clock();
  const live = matching.filter(
    (row) => row.status === 'active' && (row.expires_at === null || row.expires_at > nowMs),
  );
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
  if (provider && provider.clientId !== null) {
    return new ApiError('grant_not_found', { fields: { provider_id: providerId } });
  }
  return new ApiError('provider_not_configured', {
    message: `The provider ${providerId} is not configured for this app.`,
    fields: { provider_id: providerId },
  });
}
