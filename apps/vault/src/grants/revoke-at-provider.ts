import { EgressError } from '@alter-ai/egress';
import { buildRevocationRequests, parseRevocationResponse } from '@alter-ai/oauth-providers';
import type { VaultDeps } from '../deps.js';
import type { AppSettings, ProviderSettings } from '../settings/settings-reader.js';
import type { StoredTokens } from './stored-tokens.js';

/** The caller waits for it, so it is short. */
const revocationTimeoutMs = 5_000;

/** Whose tokens are taken back. */
export interface RevocationTarget {
  readonly provider: ProviderSettings;
  readonly settings: AppSettings;
  readonly parameters: Readonly<Record<string, string>>;
}

/**
 * Ends a grant at its provider (RFC 7009, or the provider's own way). Never throws: the grant is gone from the vault
 * whatever the provider says.
 */
export async function revokeAtProvider(
  deps: Pick<VaultDeps, 'egress' | 'clock' | 'log'>,
  target: RevocationTarget,
  tokens: StoredTokens,
): Promise<'confirmed' | 'failed' | 'not_supported'> {
  const { provider, settings, parameters } = target;
  const { definition } = provider;
  try {
    const [secret] = await provider.clientSecrets();
    const requests = buildRevocationRequests({
      definition,
      client: { id: provider.clientId ?? '', secret: secret?.reveal() },
      params: parameters,
      accessToken: tokens.access_token,
      refreshToken: tokens.refresh_token,
      additional: Object.fromEntries(
        Object.entries(tokens.additional ?? {}).map(([name, accessToken]) => [name, { accessToken }]),
      ),
    });
    if (requests.length === 0) return 'not_supported';
    const results = await Promise.all(
      requests.map(async (request) => {
        const response = await deps.egress.fetch(request.url, {
          method: request.method,
          headers: request.headers,
          ...(request.body === undefined ? {} : { body: request.body }),
          allowedNetworks: settings.allowedNetworks,
          timeoutMs: revocationTimeoutMs,
        });
        return parseRevocationResponse({
          definition,
          nowMs: deps.clock(),
          status: response.status,
          headers: response.headers,
          bodyText: response.text(),
        }).ok;
      }),
    );
    return results.every(Boolean) ? 'confirmed' : 'failed';
  } catch (error) {
    const code = error instanceof EgressError ? error.code : error instanceof Error ? error.name : 'unknown';
    deps.log.warn({ provider_id: provider.providerId, error: code }, 'revocation at the provider failed');
    return 'failed';
  }
}
