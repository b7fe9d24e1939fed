import type { ClientRegistration } from './control/world.js';
import { type OidcEmulator, startOidcServer } from './oidc/start-oidc-server.js';

/** How the pair of servers is set up that the demo and `npm run emulator` use. */
export type EmulatorOptions = {
  host?: string;
  /** Default 4700; 0: any free port. */
  port?: number;
  /** Default 4800; 0: any free port. */
  idpPort?: number;
  /** Audience of the identity provider's tokens; default `demo-api`. */
  audience?: string;
  accessTokenTtlSeconds?: number;
  /** Default: `acme-client` with secret `acme-secret` and any loopback redirect. */
  providerClients?: ClientRegistration[];
  /** Default: `wallet` and `demo`, with secrets `wallet-secret` and `demo-secret`. */
  idpClients?: ClientRegistration[];
};

/** Both servers; closing ends both. */
export type Emulator = { provider: OidcEmulator; idp: OidcEmulator; close(): Promise<void> };

/** Starts the strict provider Acme (with resource API and shaped providers) and the identity provider beside it. */
export async function startEmulator(options: EmulatorOptions = {}): Promise<Emulator> {
  const host = options.host ?? '127.0.0.1';
  const provider = await startOidcServer({
    host,
    port: options.port ?? 4700,
    displayName: 'Acme',
    cookiePrefix: 'acme',
    shapes: true,
    clients: options.providerClients ?? [makeClient('acme-client', 'acme-secret')],
    ...(options.accessTokenTtlSeconds === undefined
      ? {}
      : { accessTokenTtlSeconds: options.accessTokenTtlSeconds }),
  });
  try {
    const idp = await startOidcServer({
      host,
      port: options.idpPort ?? 4800,
      displayName: 'Demo sign-in',
      cookiePrefix: 'idp',
      isConsentSkipped: true,
      jwtAudience: options.audience ?? 'demo-api',
      clients: options.idpClients ?? [
        makeClient('wallet', 'wallet-secret'),
        makeClient('demo', 'demo-secret'),
      ],
    });
    return { provider, idp, close: async () => void (await Promise.all([provider.close(), idp.close()])) };
  } catch (error) {
    await provider.close();
    throw error;
  }
}

function makeClient(clientId: string, clientSecret: string): ClientRegistration {
  return { clientId, clientSecret, redirectUris: 'any-loopback' };
}
