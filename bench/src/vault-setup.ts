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
import { type ChildServer, findFreePort, startChild } from './child-server.js';

const vaultFile = join(
  dirname(fileURLToPath(import.meta.url)),
  '..',
  '..',
  'apps',
  'vault',
  'dist',
  'main.js',
);

/** A vault process with one connected grant, and the emulated provider behind it. */
export interface VaultSetup {
  readonly server: ChildServer;
  readonly provider: OidcEmulator;
  readonly url: string;
  readonly apiKey: string;
  readonly grantId: string;
  readonly folder: string;
  close(): Promise<void>;
}

const allDays = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'];

/** Starts it: SQLite, three rules that pass, one process. */
export async function startVaultSetup(options: Partial<OidcServerOptions> = {}): Promise<VaultSetup> {
  const provider = await startOidcServer({
    displayName: 'Acme',
    clients: [{ clientId: 'acme-client', clientSecret: 'acme-secret', redirectUris: 'any-loopback' }],
    ...options,
  });
  const folder = mkdtempSync(join(tmpdir(), 'alter-bench-'));
  const apiKey = mintApiKey('app');
  const configFile = join(folder, 'vault.json');
  const rule = (name: string, value: Record<string, unknown>) => ({
    name,
    target: { app: true },
    rule: value,
  });
  const config = {
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
            api_hosts: [new URL(provider.issuer).host],
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
  writeFileSync(configFile, JSON.stringify(config));
  const port = await findFreePort();
  const url = `http://127.0.0.1:${port}`;
  const server = await startChild(vaultFile, port, {
    HOST: '127.0.0.1',
    ALTER_VAULT_ENV: 'development',
    ALTER_VAULT_DATA_DIR: folder,
    ALTER_VAULT_CONFIG_FILE: configFile,
    ALTER_VAULT_PUBLIC_URL: url,
    ALTER_VAULT_LOG_LEVEL: 'warn',
  });
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
    async close() {
      await server.stop();
      await provider.close();
      rmSync(folder, { recursive: true, force: true });
    },
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

/** Signs `count` calls of `/sdk/token` ahead, so that the load generator only sends. */
export function prepareCalls(
  setup: VaultSetup,
  count: number,
): { body: string; prepared: { headers: Record<string, string> }[] } {
  const body = JSON.stringify({
    grant_id: setup.grantId,
    reason: 'bench',
    request: { method: 'GET', url: `${setup.provider.issuer}/api/messages` },
  });
  const signingKey = deriveSigningKeyObject(setup.apiKey);
  const keyId = deriveKeyId(setup.apiKey);
  const bodySha256 = sha256Hex(body);
  const timestamp = Math.floor(Date.now() / 1000);
  const prepared = Array.from({ length: count }, () => ({
    headers: {
      'X-Alter-Key-Id': keyId,
      ...buildSignedHeaders(signingKey, {
        method: 'POST',
        target: '/sdk/token',
        timestamp,
        nonce: createNonce(),
        bodySha256,
      }),
    },
  }));
  return { body, prepared };
}
