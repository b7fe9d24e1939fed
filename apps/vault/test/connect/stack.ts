import { type OidcEmulator, type OidcServerOptions, startOidcServer } from '@alter-ai/emulator';
import { startTestVault, type TestVault, type TestVaultOptions } from '../harness.js';

/** A vault with the strict provider `acme` and an identity provider, all real. */
export interface ConnectStack {
  readonly vault: TestVault;
  readonly provider: OidcEmulator;
  readonly idp: OidcEmulator;
  userToken(subject: string): Promise<string>;
  close(): Promise<void>;
}

/** The configuration entry of the strict provider. */
export function describeAcme(provider: OidcEmulator, id = 'acme'): Record<string, unknown> {
  return {
    id,
    name: id === 'acme' ? 'Acme' : id,
    issuer: provider.issuer,
    authorization_endpoint: `${provider.issuer}/authorize`,
    token_endpoint: `${provider.issuer}/token`,
    revocation_endpoint: `${provider.issuer}/revoke`,
    userinfo_endpoint: `${provider.issuer}/me`,
    account: { id: '/sub', identifier: '/email', display_name: '/name' },
    token_endpoint_auth_method: 'client_secret_basic',
    pkce: 'S256',
    api_hosts: [new URL(provider.issuer).host],
    client_id: 'acme-client',
    client_secret: 'acme-secret',
    scopes: ['openid', 'email', 'offline_access'],
  };
}

/** Starts it. */
export async function startConnectStack(
  kind: 'sqlite' | 'postgres',
  options: {
    provider?: Partial<OidcServerOptions>;
    app?: Record<string, unknown>;
    clock?: () => number;
  } & Pick<TestVaultOptions, 'environment' | 'startTelemetry'> = {},
): Promise<ConnectStack> {
  const provider = await startOidcServer({
    displayName: 'Acme',
    cookiePrefix: 'acme',
    clients: [{ clientId: 'acme-client', clientSecret: 'acme-secret', redirectUris: 'any-loopback' }],
    ...options.provider,
  });
  const idp = await startOidcServer({
    displayName: 'Sign-in',
    cookiePrefix: 'idp',
    jwtAudience: 'demo-api',
    clients: [],
  });
  const vault = await startTestVault({
    kind,
    ...(options.clock ? { clock: options.clock } : {}),
    ...(options.environment ? { environment: options.environment } : {}),
    ...(options.startTelemetry ? { startTelemetry: options.startTelemetry } : {}),
    config: {
      version: 1,
      apps: [
        {
          slug: 'demo',
          name: 'Demo',
          allowed_origins: ['http://127.0.0.1:4600'],
          return_urls: ['http://127.0.0.1:4600/connected'],
          api_keys: [{ name: 'backend' }],
          providers: [describeAcme(provider), describeAcme(provider, 'acme-two')],
          identity_provider: {
            issuer: idp.issuer,
            audience: 'demo-api',
            claims: { user_id: 'sub', email: 'email', groups: 'groups' },
          },
          ...options.app,
        },
        {
          slug: 'other',
          name: 'Other',
          api_keys: [{ name: 'backend' }],
          providers: [describeAcme(provider)],
        },
      ],
    },
  });
  return {
    vault,
    provider,
    idp,
    userToken: (subject) =>
      idp.issueUserToken({ subject, email: `${subject}@example.test`, audience: 'demo-api' }),
    async close() {
      await vault.close();
      await Promise.all([provider.close(), idp.close()]);
    },
  };
}
