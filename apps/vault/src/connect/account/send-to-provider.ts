import { EgressError } from '@alter-ai/egress';
import type { ProviderRequest, ProviderResponse } from '@alter-ai/oauth-providers';
import type { VaultDeps } from '../../deps.js';
import type { AppSettings } from '../../settings/settings-reader.js';
import { CallbackFailure } from '../callback/callback-failure.js';

const timeoutMs = 15_000;

/** Sends a request of the provider's protocol through egress. @throws CallbackFailure when there is no answer */
export async function sendToProvider(
  deps: VaultDeps,
  settings: AppSettings,
  request: ProviderRequest,
): Promise<ProviderResponse> {
  try {
    const answer = await deps.egress.fetch(request.url, {
      method: request.method,
      headers: request.headers,
      ...(request.body === undefined ? {} : { body: request.body }),
      allowedNetworks: settings.allowedNetworks,
      timeoutMs,
      isFreshConnection: true,
    });
    return { status: answer.status, headers: answer.headers, bodyText: answer.text() };
  } catch (error) {
    if (!(error instanceof EgressError)) throw error;
    const isBlocked = error.code === 'blocked_destination' || error.code === 'invalid_url';
    throw new CallbackFailure(
      isBlocked ? 'connect_config_error' : 'service_unavailable',
      isBlocked
        ? 'The provider is configured at an address that this vault may not call.'
        : 'The provider did not answer.',
      { egress: error.code },
    );
  }
}
