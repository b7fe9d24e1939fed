import { buildLookupRequest, parseLookupResponse } from '@alter-ai/oauth-providers';
import type { VaultDeps } from '../../deps.js';
import type { AppSettings, ProviderSettings } from '../../settings/settings-reader.js';
import type { AuthorizationState } from '../callback/authorization-state.js';
import { CallbackFailure } from '../callback/callback-failure.js';
import { sendToProvider } from './send-to-provider.js';

/**
 * Asks a provider which places (sites, workspaces) the account is for, where it has such a question (Atlassian). One place is kept under
 * its name; several are kept as a list, because each call names its own.
 */
export async function lookUpPlaces(
  deps: VaultDeps,
  input: {
    settings: AppSettings;
    provider: ProviderSettings;
    state: AuthorizationState;
    accessToken: string;
  },
): Promise<Record<string, string>> {
  const { definition } = input.provider;
  const request = buildLookupRequest({
    definition,
    accessToken: input.accessToken,
    params: input.state.parameters,
  });
  if (!request) return {};
  const response = await sendToProvider(deps, input.settings, request);
  const result = parseLookupResponse({ ...response, definition, nowMs: deps.clock() });
  if (!result.ok) throw new CallbackFailure('provider_error', undefined, { provider_error: result.error });
  const [first] = result.choices;
  if (!first) return {};
  if (result.choices.length === 1) return { [result.metadata]: first.id };
  return {
    [result.metadata]: first.id,
    [`${result.metadata}_choices`]: JSON.stringify(result.choices.map(({ id, label }) => ({ id, label }))),
  };
}
