import type { VaultDeps } from '../../deps.js';
import type { AppSettings, ProviderSettings } from '../../settings/settings-reader.js';
import { listOpenBreakers, type OpenBreaker } from '../../storage/settings/doctor-rows.js';
import type { DoctorCheck } from './doctor-check.js';

/** Every provider of every app: its client, the redirect URI to register there, and its breaker (R7). */
export async function checkProviders(
  deps: Pick<VaultDeps, 'storage' | 'config'>,
  apps: readonly AppSettings[],
): Promise<DoctorCheck[]> {
  const redirectUri = `${deps.config.publicUrl}/oauth/callback`;
  const breakers = await listOpenBreakers(deps.storage);
  const checks: DoctorCheck[] = [
    { name: 'redirect uri', status: 'info', message: `register ${redirectUri} at every provider` },
  ];
  for (const app of apps) {
    for (const provider of app.providers.values()) {
      const breaker = breakers.find((each) => each.config_id === provider.configId);
      checks.push(await checkProvider(`${app.slug}/${provider.providerId}`, provider, redirectUri, breaker));
    }
  }
  return checks;
}

async function checkProvider(
  name: string,
  provider: ProviderSettings,
  redirectUri: string,
  breaker: OpenBreaker | undefined,
): Promise<DoctorCheck> {
  const isPublic = provider.definition.token_endpoint_auth_method === 'none';
  let secrets: number;
  try {
    secrets = (await provider.clientSecrets()).length;
  } catch {
    return { name, status: 'failed', message: 'its client secret does not open' };
  }
  if (breaker !== undefined) {
    const message = `refuses the app's client credentials (${breaker.code ?? 'invalid_client'}, ${breaker.failures} times); check client id and secret of configuration ${breaker.config_id}`;
    return { name, status: 'failed', message };
  }
  if (provider.clientId === null)
    return { name, status: 'warning', message: 'has no client id, so nobody can connect' };
  if (secrets === 0 && !isPublic) return { name, status: 'warning', message: 'has no client secret' };
  return { name, status: 'ok', message: `client configured; redirect URI ${redirectUri}` };
}
