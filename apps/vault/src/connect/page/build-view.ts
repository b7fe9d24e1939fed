import type { ConnectProvider, ConnectView } from '@alter-ai/core-contract';
import type { VaultDeps } from '../../deps.js';
import { describeKeyEntry } from '../../secrets/key-entry/describe-key-entry.js';
import type { AppSettings, ProviderSettings } from '../../settings/settings-reader.js';
import type { ConnectSessionRow } from '../../storage/live/connect-sessions.js';
import { findGrantsForPrincipal } from '../../storage/live/grants/grants.js';
import { findUserById } from '../../storage/live/users.js';
import { readSessionRequest, type SessionRequest } from '../session/session-request.js';
import { readSessionState, readSessionStatus } from '../session/session-state.js';
import { readMismatch } from './mismatch.js';
import { buildPostedGrants, buildReturnAddress } from './posted-grants.js';

/** Everything the connect page shows of a session that this browser may see. */
export async function buildView(deps: VaultDeps, row: ConnectSessionRow): Promise<ConnectView> {
  const settings = await deps.settings.loadCurrent(row.app_id);
  const request = readSessionRequest(row.request_json);
  const state = readSessionState(row);
  const status = readSessionStatus(row, deps.clock());
  const isPending = status === 'pending';
  const mismatch = isPending ? await readMismatch(deps, row) : null;
  const isOver = status === 'completed' || status === 'error';
  return {
    handle: row.id,
    state: isPending ? (mismatch ? 'mismatch' : 'open') : status,
    app: {
      name: settings.branding.displayName ?? settings.name,
      logo_url: settings.branding.logoUrl,
      primary_color: settings.branding.primaryColor,
      website_url: settings.websiteUrl,
    },
    providers: isPending ? await listProviders(deps, settings, row, request) : [],
    key_entry: await describeKeyEntry(deps, settings, row, request),
    is_single_provider: request.providers.length === 1,
    is_direct: request.isDirect,
    user: await describeUser(deps, row),
    lifetime: describeLifetime(request, deps.clock()),
    grants: buildPostedGrants(state.results),
    declined: state.declined.map((item) => ({ provider_id: item.providerId, error_code: item.errorCode })),
    notice: state.notice,
    mismatch: mismatch
      ? { provider_id: mismatch.providerId, expected: mismatch.expected, actual: mismatch.actual }
      : null,
    error: state.error ? { ...state.error } : null,
    message_targets: request.allowedOrigin ? [request.allowedOrigin] : [...settings.allowedOrigins],
    return_to: isOver && request.returnUrl ? buildReturnAddress(request.returnUrl, state) : null,
    expires_at: new Date(row.expires_at).toISOString(),
  };
}

async function describeUser(deps: VaultDeps, row: ConnectSessionRow): Promise<ConnectView['user']> {
  const user = row.user_id ? await findUserById(deps.storage, row.app_id, row.user_id) : undefined;
  return user ? { display: user.email ?? user.display_name ?? user.subject } : null;
}

function describeLifetime(request: SessionRequest, nowMs: number): ConnectView['lifetime'] {
  const { lifetime } = request;
  const untilDate = lifetime?.expiresAtMs
    ? Math.max(1, Math.floor((lifetime.expiresAtMs - nowMs) / 1000))
    : null;
  const bounds = [lifetime?.maxSeconds ?? null, untilDate].filter((value): value is number => value !== null);
  const max = bounds.length > 0 ? Math.min(...bounds) : null;
  const wanted = lifetime?.defaultSeconds ?? null;
  return {
    max_seconds: max,
    default_seconds: wanted !== null && max !== null ? Math.min(wanted, max) : wanted,
  };
}

async function listProviders(
  deps: VaultDeps,
  settings: AppSettings,
  row: ConnectSessionRow,
  request: SessionRequest,
): Promise<ConnectProvider[]> {
  // Unbound sessions may be opened by anybody, so they show nobody's accounts.
  const offersExisting = row.user_id !== null && !request.isAccountSwitch && request.repairGrantId === null;
  const grants =
    offersExisting && row.user_id
      ? await findGrantsForPrincipal(deps.storage, row.app_id, 'user', row.user_id)
      : [];
  const nowMs = deps.clock();
  const offered: ConnectProvider[] = [];
  for (const id of request.providers) {
    const provider = settings.providers.get(id);
    if (!provider) continue;
    offered.push({
      id,
      name: provider.displayName,
      scopes: chooseScopes(provider, request),
      parameters: provider.definition.url_params.map((parameter) => ({
        name: parameter.name,
        label: parameter.label,
        pattern: parameter.pattern ?? '[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?',
        example: parameter.example ?? null,
        default: parameter.default ?? null,
        options: parameter.options ? [...parameter.options] : null,
      })),
      connected: grants
        .filter(
          (grant) =>
            grant.provider_config_id === provider.configId &&
            grant.status === 'active' &&
            grant.mismatch_json === null &&
            (grant.expires_at === null || grant.expires_at > nowMs),
        )
        .map((grant) => ({
          grant_id: grant.id,
          account_identifier: grant.account_identifier,
          account_display_name: grant.account_display_name,
        })),
    });
  }
  return offered;
}

/** The scopes a session asks a provider for: those it names, else those of the app's configuration. */
export function chooseScopes(
  provider: ProviderSettings,
  request: SessionRequest,
): { scope: string; required: boolean }[] {
  const wanted = request.requiredScopes[provider.providerId];
  if (!wanted) return provider.scopes.map(({ scope, required }) => ({ scope, required }));
  return wanted.map((scope) => ({ scope, required: true }));
}
