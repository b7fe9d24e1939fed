import { type OidcEmulator, startOidcServer } from '@alter-ai/emulator';
import { connectOverHttp } from '../../harness/connect-over-http.js';
import { describeAcme } from '../../harness/stack.js';
import type { Fleet } from '../fleet.js';
import { describeDelay, type Mode, nameProvider, reuseWindowSeconds } from '../modes.js';

/** One mode with its provider and the accounts connected there. */
export interface Place {
  readonly mode: Mode;
  readonly provider: OidcEmulator;
  /** Grant ids, in the order of the waves. */
  readonly grantIds: string[];
}

/** A provider with that many people; until the accounts are connected its access tokens end after a second. */
export function startProvider(mode: Mode, accounts: number): Promise<OidcEmulator> {
  return startOidcServer({
    displayName: `Mode ${mode.id}`,
    clients: [{ clientId: 'acme-client', clientSecret: 'acme-secret', redirectUris: 'any-loopback' }],
    users: Array.from({ length: accounts }, (_, index) => ({
      id: `user-${index}`,
      email: `user-${index}@example.test`,
      name: `User ${index}`,
    })),
    accessTokenTtlSeconds: 1,
    refreshMode: mode.reuse,
    refreshWindowSeconds: reuseWindowSeconds,
    hasControlApi: false,
  });
}

/** The mode's provider as the vault is configured. */
export function describeProvider(mode: Mode, provider: OidcEmulator): Record<string, unknown> {
  return {
    ...describeAcme(provider.issuer),
    id: nameProvider(mode),
    name: `Mode ${mode.id}`,
    refresh_reuse: mode.reuse,
    ...(mode.reuse === 'window' ? { refresh_reuse_window_seconds: reuseWindowSeconds } : {}),
  };
}

/** Connects every account through the real pages; when it is done all access tokens have ended and the provider is slow. */
export async function connectAccounts(
  fleet: Fleet,
  place: { mode: Mode; provider: OidcEmulator },
  options: { accounts: number; delayMs: number },
): Promise<Place> {
  const { mode, provider } = place;
  const grantIds: string[] = [];
  let next = 0;
  const connectSome = async () => {
    for (let index = next++; index < options.accounts; index = next++) {
      const vault = fleet.vaults[index % fleet.vaults.length];
      if (!vault) throw new Error('no vault');
      grantIds[index] = await connectOverHttp(
        { url: vault.url, apiKey: fleet.apiKey },
        { providerId: nameProvider(mode), user: `user-${index}` },
      );
    }
  };
  await Promise.all([1, 2, 3, 4].map(connectSome));
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  provider.updateSettings({ accessTokenTtlSeconds: 3600 });
  provider.misbehave(describeDelay(mode, options.delayMs));
  provider.clearLog();
  return { mode, provider, grantIds };
}
