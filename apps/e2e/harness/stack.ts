import { App } from '@alter-ai/alter-sdk';
import { mintApiKey } from '@alter-ai/core-crypto';
import {
  emulatedOverrides,
  type OidcEmulator,
  type OidcServerOptions,
  type ShapedProviderId,
  startOidcServer,
} from '@alter-ai/emulator';
import { type Application, type CreateSession, startApplication } from './browser/application.js';
import { findFreePort } from './machine/ports.js';
import { startVaultProcess, type VaultProcess } from './vault-process.js';

/** Everything a browser or client test runs against: emulated provider and IDP, application page, vault, each a real server. */
export interface Stack {
  readonly vault: VaultProcess;
  readonly provider: OidcEmulator;
  readonly idp: OidcEmulator;
  readonly application: Application;
  readonly apiKey: string;
  readonly sdk: App;
  /** User token of the IDP. */
  userToken(subject: string): Promise<string>;
  /** The vault as one file, as it was applied. */
  readonly config: Record<string, unknown>;
  /** Base URL of the provider's resource API. */
  readonly apiUrl: string;
  close(): Promise<void>;
}

/** What differs between stacks. */
export interface StackOptions {
  readonly provider?: Partial<OidcServerOptions>;
  /** Providers of the catalogue, in their emulated shapes, beside `acme`. */
  readonly shapes?: readonly ShapedProviderId[];
  readonly databaseUrl?: string;
  /** Further fields of the app in the configuration file. */
  readonly app?: Record<string, unknown>;
  /** Further API keys of the app. */
  readonly keys?: readonly Record<string, unknown>[];
  /** Further apps of the configuration file. */
  readonly otherApps?: (issuer: string) => readonly Record<string, unknown>[];
  /** Further fields of the `acme` entry. */
  readonly acme?: Record<string, unknown>;
  /** Entries of other ids at the same server: `acme` with these fields changed. */
  readonly copies?: readonly (Record<string, unknown> & { id: string })[];
  /** How the application makes a session; default: `acme` for its own origin. */
  readonly createSession?: (stack: Stack) => CreateSession;
  readonly isWithoutIdp?: boolean;
  /** Environment of the vault, for `{ env: NAME }` in the configuration. */
  readonly env?: Record<string, string>;
  /** The API key reaches the vault by its environment, so that no file of ours holds it. */
  readonly isKeyInEnvironment?: boolean;
}

/** The configuration entry of the strict server at `issuer`. */
export function describeAcme(issuer: string): Record<string, unknown> {
  return {
    id: 'acme',
    name: 'Acme',
    issuer,
    authorization_endpoint: `${issuer}/authorize`,
    token_endpoint: `${issuer}/token`,
    revocation_endpoint: `${issuer}/revoke`,
    userinfo_endpoint: `${issuer}/me`,
    account: { id: '/sub', identifier: '/email', display_name: '/name' },
    token_endpoint_auth_method: 'client_secret_basic',
    pkce: 'S256',
    api_hosts: [new URL(issuer).host],
    client_id: 'acme-client',
    client_secret: 'acme-secret',
    scopes: ['openid', 'email', 'offline_access'],
  };
}

/** Starts a stack on free ports. */
export async function startStack(options: StackOptions = {}): Promise<Stack> {
  const provider = await startOidcServer({
    displayName: 'Acme',
    cookiePrefix: 'acme',
    shapes: true,
    clients: [{ clientId: 'acme-client', clientSecret: 'acme-secret', redirectUris: 'any-loopback' }],
    ...options.provider,
  });
  const idp = await startOidcServer({
    displayName: 'Sign-in',
    cookiePrefix: 'idp',
    isConsentSkipped: true,
    jwtAudience: 'demo-api',
    clients: [{ clientId: 'demo', clientSecret: 'demo-secret', redirectUris: 'any-loopback' }],
  });
  const apiKey = mintApiKey('app');
  const applicationPort = await findFreePort();
  const origin = `http://127.0.0.1:${applicationPort}`;
  const config = {
    version: 1,
    apps: [
      {
        slug: 'demo',
        name: 'Demo application',
        website_url: origin,
        allowed_origins: [origin],
        return_urls: [`${origin}/connected`],
        api_keys: [
          { name: 'backend', value: options.isKeyInEnvironment ? { env: 'BACKEND_KEY' } : apiKey },
          ...(options.keys ?? []),
        ],
        providers: [
          { ...describeAcme(provider.issuer), ...options.acme },
          ...(options.copies ?? []).map((copy) => ({ ...describeAcme(provider.issuer), ...copy })),
          ...(options.shapes ?? []).map((id) => ({
            id,
            client_id: `${id}-client`,
            client_secret: `${id}-secret`,
            ...emulatedOverrides(id, provider.issuer),
          })),
        ],
        ...(options.isWithoutIdp
          ? {}
          : {
              identity_provider: {
                issuer: idp.issuer,
                audience: 'demo-api',
                claims: { user_id: 'sub', email: 'email', groups: 'groups' },
              },
            }),
        ...options.app,
      },
      ...(options.otherApps?.(provider.issuer) ?? []),
    ],
  };
  const vault = await startVaultProcess({
    ...(options.databaseUrl ? { databaseUrl: options.databaseUrl } : {}),
    env: { ...options.env, ...(options.isKeyInEnvironment ? { BACKEND_KEY: apiKey } : {}) },
    config,
  });
  const sdk = new App({ apiKey, baseUrl: vault.url });
  let createSession: CreateSession = () => Promise.reject(new Error('the stack is not up'));
  const application = await startApplication(applicationPort, () => createSession);
  const stack: Stack = {
    vault,
    provider,
    idp,
    application,
    apiKey,
    config,
    sdk,
    apiUrl: `${provider.issuer}/api`,
    userToken: (subject) =>
      idp.issueUserToken({ subject, email: `${subject}@example.test`, audience: 'demo-api' }),
    async close() {
      await sdk.close();
      await application.close();
      // A3: whatever the tests did, the record of it must hold together.
      const verdict = vault.child.exitCode === null ? vault.alter('audit', 'verify') : undefined;
      await vault.stop();
      await Promise.all([provider.close(), idp.close()]);
      if (verdict && verdict.status !== 0)
        throw new Error(`the audit chain does not verify: ${verdict.stdout}${verdict.stderr}`);
    },
  };
  createSession =
    options.createSession?.(stack) ??
    (async (query) => {
      const session = await sdk.createConnectSession({
        allowedProviders: (query.get('providers') ?? 'acme').split(','),
        allowedOrigin: application.origin,
        ...(query.has('return')
          ? {
              returnUrl: `${application.origin}/connected${query.has('library') ? `?library=${query.get('library')}` : ''}`,
            }
          : {}),
        ...(query.has('user') ? { userToken: await stack.userToken(query.get('user') ?? '') } : {}),
      });
      return { session_token: session.sessionToken, connect_url: session.connectUrl, base_url: vault.url };
    });
  return stack;
}
