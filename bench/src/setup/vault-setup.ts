import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { App } from '@alter-ai/alter-sdk';
import {
  buildSignedHeaders,
  createNonce,
  deriveKeyId,
  deriveSigningKeyObject,
  mintApiKey,
  sha256Hex,
} from '@alter-ai/core-crypto';
import {
  driveAuthorization,
  type OidcEmulator,
  type OidcServerOptions,
  startOidcServer,
} from '@alter-ai/emulator';
import type { PreparedRequest } from '../load.js';
import { type ChildServer, findFreePort, startChild } from './child-server.js';

/** Folder of the built vault. */
export const vaultDist = join(
  dirname(fileURLToPath(import.meta.url)),
  '..',
  '..',
  '..',
  'apps',
  'vault',
  'dist',
);

/** How the image and the pages about operating start it. */
const memorySettings = { NODE_OPTIONS: '--max-semi-space-size=16', MALLOC_ARENA_MAX: '2' };

/** A vault with one connected grant, its server process, and the emulated provider behind it. */
export interface VaultSetup {
  readonly server: ChildServer;
  readonly provider: OidcEmulator;
  readonly url: string;
  readonly apiKey: string;
  readonly grantId: string;
  readonly folder: string;
  /** Base64. */
  readonly rootKey: string;
  /** What every server and command of this vault is started with. */
  readonly environment: Readonly<Record<string, string>>;
  close(): Promise<void>;
}

/** Where the vault keeps its data, and how the provider behaves. */
export interface VaultSetupOptions {
  /** PostgreSQL; SQLite unless given. */
  readonly databaseUrl?: string | undefined;
  readonly provider?: Partial<OidcServerOptions>;
  /** Hosts, with their ports, that the credential may go to beside the provider's own. */
  readonly apiHosts?: readonly string[];
}

const allDays = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'];

/** Starts it: three rules that pass, one process. */
export async function startVaultSetup(options: VaultSetupOptions = {}): Promise<VaultSetup> {
  const provider = await startOidcServer({
    displayName: 'Acme',
    clients: [{ clientId: 'acme-client', clientSecret: 'acme-secret', redirectUris: 'any-loopback' }],
    ...options.provider,
  });
  const folder = mkdtempSync(join(tmpdir(), 'alter-bench-'));
  const apiKey = mintApiKey('app');
  const configFile = join(folder, 'vault.json');
  writeFileSync(configFile, JSON.stringify(describeApp(provider, apiKey, options.apiHosts)));
  const rootKey = randomBytes(32).toString('base64');
  const environment = {
    HOST: '127.0.0.1',
    ALTER_VAULT_ENV: 'development',
    ALTER_VAULT_DATA_DIR: folder,
    ALTER_VAULT_ROOT_KEY: rootKey,
    ALTER_VAULT_LOG_LEVEL: 'warn',
    ...(options.databaseUrl === undefined ? {} : { DATABASE_URL: options.databaseUrl }),
  };
  const { server, url } = await startVaultServer({ ...environment, ALTER_VAULT_CONFIG_FILE: configFile });
  const app = new App({ apiKey, baseUrl: url });
  const session = await app.createConnectSession({ allowedProviders: ['acme'] });
  await connectThroughPage(url, session.connectUrl, 'acme');
  const [grant] = await app.pollConnectSession(session.sessionToken, { timeout: 10, pollInterval: 0.1 });
  await app.close();
  if (!grant) throw new Error('nothing was connected');
  return {
    server,
    provider,
    url,
    apiKey,
    grantId: grant.grantId,
    folder,
    rootKey,
    environment,
    async close() {
      await server.stop();
      await provider.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Starts one server process on the data that `environment` names, on a port of its own. */
export async function startVaultServer(
  environment: Readonly<Record<string, string>>,
): Promise<{ server: ChildServer; url: string }> {
  const port = await findFreePort();
  const url = `http://127.0.0.1:${port}`;
  const server = await startChild(join(vaultDist, 'main.js'), port, {
    ...memorySettings,
    ...environment,
    ALTER_VAULT_PUBLIC_URL: url,
  });
  return { server, url };
}

function describeApp(provider: OidcEmulator, apiKey: string, apiHosts: readonly string[] = []): unknown {
  const rule = (name: string, value: Record<string, unknown>) => ({
    name,
    target: { app: true },
    rule: value,
  });
  return {
    version: 1,
    apps: [
      {
        slug: 'bench',
        name: 'Bench',
        api_keys: [{ name: 'backend', value: apiKey }],
        providers: [
          {
            id: 'acme',
            name: 'Acme',
            issuer: provider.issuer,
            authorization_endpoint: `${provider.issuer}/authorize`,
            token_endpoint: `${provider.issuer}/token`,
            userinfo_endpoint: `${provider.issuer}/me`,
            account: { id: '/sub', identifier: '/email' },
            token_endpoint_auth_method: 'client_secret_basic',
            pkce: 'S256',
            api_hosts: [new URL(provider.issuer).host, ...apiHosts],
            client_id: 'acme-client',
            client_secret: 'acme-secret',
            scopes: ['openid', 'email', 'offline_access'],
          },
        ],
        policies: [
          rule('office', {
            kind: 'time_window',
            days: allDays,
            from: '00:00',
            to: '00:00',
            time_zone: 'Europe/Berlin',
          }),
          rule('week', {
            kind: 'time_window',
            days: allDays,
            from: '00:00',
            to: '00:00',
            time_zone: 'America/New_York',
          }),
          rule('addresses', { kind: 'ip_allowlist', cidrs: ['127.0.0.0/8', '::1/128', '10.0.0.0/8'] }),
        ],
      },
    ],
  };
}

/** Does what the hosted page does: opens the session, asks for the provider's address, and comes back with the code. */
export async function connectThroughPage(
  vaultUrl: string,
  connectUrl: string,
  providerId: string,
): Promise<void> {
  const token = decodeURIComponent(new URL(connectUrl).hash.replace('#session=', ''));
  const post = async (name: string, body: unknown, cookie: string) => {
    const answer = await fetch(`${vaultUrl}/sdk/oauth/connect/page/${name}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', origin: vaultUrl, cookie },
      body: JSON.stringify(body),
    });
    if (!answer.ok) throw new Error(`${name}: ${await answer.text()}`);
    return { answer, body: (await answer.json()) as Record<string, string> };
  };
  const opened = await post('open', { session_token: token }, '');
  const cookie = opened.answer.headers.getSetCookie()[0]?.split(';')[0] ?? '';
  const started = await post('authorize', { handle: opened.body.handle, provider_id: providerId }, cookie);
  const callback = await driveAuthorization(started.body.authorization_url ?? '', {
    user: 'alice',
    stopAt: `${vaultUrl}/oauth/callback`,
  });
  const done = await fetch(callback, { headers: { cookie }, redirect: 'manual' });
  if (done.status !== 303) throw new Error(`the callback answered ${done.status}`);
}

/** What of a setup a call needs. */
export type CallFacts = Pick<VaultSetup, 'apiKey' | 'grantId' | 'provider'>;

/** Signs `count` calls of `/sdk/token` ahead, so that the load generator only sends; each for the grant that `pickGrant` says. */
export function prepareCalls(
  setup: CallFacts,
  count: number,
  pickGrant: (index: number) => string = () => setup.grantId,
): PreparedRequest[] {
  return signAhead(setup.apiKey, '/sdk/token', count, (index) => ({
    grant_id: pickGrant(index),
    reason: 'bench',
    request: { method: 'GET', url: `${setup.provider.issuer}/api/messages` },
  }));
}

/** Signs `count` calls of an endpoint of the vault ahead. */
export function signAhead(
  apiKey: string,
  target: string,
  count: number,
  describeBody: (index: number) => unknown,
): PreparedRequest[] {
  const signingKey = deriveSigningKeyObject(apiKey);
  const keyId = deriveKeyId(apiKey);
  const timestamp = Math.floor(Date.now() / 1000);
  return Array.from({ length: count }, (_, index) => {
    const body = JSON.stringify(describeBody(index));
    const parts = { method: 'POST', target, timestamp, nonce: createNonce() };
    const signed = buildSignedHeaders(signingKey, { ...parts, bodySha256: sha256Hex(body) });
    return { headers: { 'X-Alter-Key-Id': keyId, ...signed }, body };
  });
}
