import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request as sendRequest } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startOidcServer } from '@alter-ai/emulator';
import pino from 'pino';
import { afterEach, expect, it } from 'vitest';
import { loadConfig } from '../../src/config.js';
import { runServer } from '../../src/run-server.js';
import { connectAccount } from '../connect/connect-driver.js';
import { describeAcme } from '../connect/stack.js';
import { forEachDatabase, type TestDatabase } from '../databases.js';
import type { TestVault } from '../harness.js';
import { signCall } from '../processes/sign.js';

const apiKey = 'alter_rk_abcdefghijklmnopqrstuv_iwpykn';
const cleanups: (() => Promise<unknown> | unknown)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanups.splice(0).reverse()) await cleanUp();
});

/** A whole server on a socket, and one account at the strict provider whose token has ended. */
async function startConnected({ options }: TestDatabase) {
  const provider = await startOidcServer({
    displayName: 'Acme',
    cookiePrefix: 'acme',
    refreshMode: 'strict',
    accessTokenTtlSeconds: 1,
    clients: [{ clientId: 'acme-client', clientSecret: 'acme-secret', redirectUris: 'any-loopback' }],
  });
  cleanups.push(() => provider.close());
  const folder = mkdtempSync(join(tmpdir(), 'alter-stop-'));
  cleanups.push(() => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, 'vault.yaml');
  const app = {
    slug: 'demo',
    name: 'Demo',
    api_keys: [{ name: 'backend', value: apiKey }],
    providers: [describeAcme(provider)],
  };
  writeFileSync(file, JSON.stringify({ version: 1, apps: [app] }), { mode: 0o600 });
  const { databaseUrl, schema, dataDir } = options;
  const config = loadConfig({
    ALTER_VAULT_ENV: 'development',
    ALTER_VAULT_DATA_DIR: dataDir,
    ALTER_VAULT_ROOT_KEY: randomBytes(32).toString('base64'),
    ALTER_VAULT_CONFIG_FILE: file,
    PORT: '0',
    ...(databaseUrl === undefined
      ? {}
      : { DATABASE_URL: `${databaseUrl}?options=${encodeURIComponent(`-c search_path=${schema}`)}` }),
  });
  const server = await runServer(config, pino({ level: 'silent' }));
  const url = `http://127.0.0.1:${server.port}`;
  const signedFetch = (method: string, path: string, content: unknown) => {
    const body = JSON.stringify(content);
    return fetch(`${url}${path}`, signCall(apiKey, method, path, { body }));
  };
  // What the driver of the connect pages uses of a vault, over the socket.
  const vault = {
    app: {
      request: (target: URL | string, init?: RequestInit) => fetch(target, { ...init, redirect: 'manual' }),
    },
    deps: { config: { publicUrl: server.publicUrl } },
    signedFetch,
  } as unknown as TestVault;
  const { grant_id: grantId } = await connectAccount(vault, { provider: 'acme' });
  return { server, provider, url, grantId };
}

forEachDatabase('a server that stops', (createDatabase) => {
  it('F3, R4: waits for a strict provider that has taken the request and answers late: the new token is stored, nobody has to reconnect', async () => {
    const database = await createDatabase();
    const { server, provider, url, grantId } = await startConnected(database);
    const storage = await database.openEmpty();
    await expect
      .poll(
        () =>
          storage.db
            .selectFrom('credentials')
            .select('access_expires_at')
            .executeTakeFirstOrThrow()
            .then((row) => (row.access_expires_at ?? 0) < Date.now()),
        { timeout: 5_000 },
      )
      .toBe(true);
    // Spent at once, answered long after the caller has gone.
    provider.misbehave({ kind: 'delay', delayMs: 7_000, when: 'after', times: 1 });
    const body = JSON.stringify({
      grant_id: grantId,
      reason: null,
      request: { method: 'GET', url: `${provider.issuer}/api/messages` },
    });
    const { headers } = signCall(apiKey, 'POST', '/sdk/token', { body });
    const asked = sendRequest(`${url}/sdk/token`, {
      method: 'POST',
      headers: headers as Record<string, string>,
      agent: false,
    });
    asked.on('error', () => {});
    asked.end(body);
    const spent = () =>
      provider.log().some((event) => event.event === 'accepted' && event.tokenType === 'refresh_token');
    await expect.poll(spent, { timeout: 5_000 }).toBe(true);
    asked.destroy();
    await server.stop();
    const row = await storage.db
      .selectFrom('credentials')
      .select(['status', 'generation', 'intent_generation', 'lease_holder'])
      .executeTakeFirstOrThrow();
    expect(row).toEqual({ status: 'active', generation: 2, intent_generation: null, lease_holder: null });
  }, 60_000);
});
