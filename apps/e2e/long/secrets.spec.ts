import { join } from 'node:path';
import { inspect } from 'node:util';
import { App } from '@alter-ai/alter-sdk';
import { startOidcServer } from '@alter-ai/emulator';
import { expect, test } from '@playwright/test';
import { connectOverHttp, enterKeyOverHttp, openConnectUrl } from '../harness/connect-over-http.js';
import { enteredKey, startKeyWorld } from '../harness/key-world.js';
import { findMarks, readFiles } from '../harness/marks/find-marks.js';
import { startRecordingProxy } from '../harness/recording-proxy.js';
import { startStack } from '../harness/stack.js';

test('K6 K7: marked secrets driven through every flow appear in no file, log, error, response or inspect', async () => {
  // Every command is a process of its own.
  test.setTimeout(150_000);
  const clientSecret = 'MARK-client-secret-Qm9vbQ-7f3a9c1e5d';
  const provider = await startOidcServer({
    displayName: 'Acme',
    clients: [{ clientId: 'acme-client', clientSecret, redirectUris: 'any-loopback' }],
    accessTokenTtlSeconds: 3600,
  });
  const proxy = await startRecordingProxy(provider.issuer);
  const keys = await startKeyWorld();
  const stack = await startStack({
    acme: {
      issuer: provider.issuer,
      authorization_endpoint: `${provider.issuer}/authorize`,
      token_endpoint: `${proxy.url}/token`,
      revocation_endpoint: `${proxy.url}/revoke`,
      userinfo_endpoint: `${proxy.url}/me`,
      api_hosts: [new URL(provider.issuer).host],
      client_secret: { env: 'ACME_SECRET' },
    },
    app: { managed_secrets: keys.entries },
    env: { ACME_SECRET: clientSecret, ALTER_VAULT_LOG_LEVEL: 'debug', ...keys.env },
    isKeyInEnvironment: true,
  });
  const seen: string[] = [];
  const note = (value: unknown) =>
    seen.push(typeof value === 'string' ? value : inspect(value, { depth: 10, showHidden: true }));
  const sessionTokens: string[] = [];
  const running: [path: string, bytes: Buffer][] = [];
  try {
    const target = { url: stack.vault.url, apiKey: stack.apiKey };
    const api = `${provider.issuer}/api/messages`;
    const userToken = await stack.userToken('alice');
    const grantId = await connectOverHttp(target, { providerId: 'acme', session: { userToken } });
    note(await stack.sdk.request('GET', api, { grantId, reason: 'reads', context: { tool: 'list' } }));
    provider.expireAccessTokens();
    note(await stack.sdk.request('GET', api, { grantId }).catch((error: unknown) => error));
    await stack.sdk.close();
    const sdk = new App({ apiKey: stack.apiKey, baseUrl: stack.vault.url });
    const again = await sdk.request('GET', api, { grantId });
    expect(again.status).toBe(200);
    note(sdk);
    note(
      await sdk.request('GET', 'https://elsewhere.example/', { grantId }).catch((error: unknown) => error),
    );
    note(
      await sdk
        .request('GET', api, { provider: 'acme', userToken: `${userToken}x` })
        .catch((error: unknown) => error),
    );
    const denied = await sdk.createConnectSession({ allowedProviders: ['acme'] });
    sessionTokens.push(denied.sessionToken);
    await openConnectUrl(stack.vault.url, denied.connectUrl, { providerId: 'acme', decision: 'deny' });
    note(
      await sdk
        .pollConnectSession(denied.sessionToken, { timeout: 5, pollInterval: 0.1 })
        .catch((error: unknown) => error),
    );
    note(await sdk.listGrants());
    note(await sdk.revokeGrant(grantId));
    note(await sdk.request('GET', api, { grantId }).catch((error: unknown) => error));
    for (const { slug } of keys.entries.slice(0, -1)) {
      const call = { provider: slug, reason: 'reads', context: { tool: 'list' } };
      const answer = await sdk.request('POST', `${keys.service.url}/things?page=2`, call);
      expect(await answer.json()).toEqual({ method: 'POST', ...keys.expected[slug] });
      note(answer);
      const refusal = sdk.request('GET', 'https://elsewhere.example/', call);
      note(await refusal.catch((error: unknown) => error));
    }
    const entering = await sdk.createManagedSecretConnectSession({ provider: 'own', userToken });
    sessionTokens.push(entering.sessionToken);
    note(await enterKeyOverHttp(stack.vault.url, entering.connectUrl, { value: enteredKey }));
    note(await sdk.request('GET', `${keys.service.url}/own`, { provider: 'own', userToken }));
    const replacing = await sdk.createManagedSecretConnectSession({ provider: 'own', userToken });
    sessionTokens.push(replacing.sessionToken);
    const wrong = enterKeyOverHttp(stack.vault.url, replacing.connectUrl, { value: `${enteredKey}\n` });
    note(await wrong.catch((error: unknown) => error));
    note(await sdk.listGrants());
    for (const args of [
      ['doctor'],
      ['apply', '-f', join(stack.vault.dataDir, 'vault.json'), '--json'],
      ['secrets', 'list', '--json'],
      ['secrets', 'store', 'header', '--env', 'KEY_FORMAT', '--json'],
      ['secrets', 'store', 'aws-s3', '--env', 'KEY_FORMAT'],
      ['export'],
      ['audit', 'export', '--format', 'jsonl'],
      ['grants', 'list', '--json'],
      ['keys', 'list', '--json'],
      ['backup', join(stack.vault.dataDir, 'backup.copy')],
    ]) {
      const result = stack.vault.alter(...args);
      note(`${args.join(' ')}\n${result.stdout}\n${result.stderr}`);
    }
    await sdk.close();
    // While it runs: the write-ahead log is gone once the database is closed.
    running.push(...readFiles(stack.vault.dataDir, 'running'));
  } finally {
    await stack.vault.stop();
  }

  const marks = new Map<string, string>([
    ['client secret', clientSecret],
    ['api key', stack.apiKey],
    ['entered key', enteredKey],
    ...Object.entries(keys.env),
  ]);
  for (const [index, token] of sessionTokens.entries())
    marks.set(`session token ${index}`, token.split('.')[0] ?? token);
  for (const { requestBody, responseBody } of proxy.exchanges) {
    const request = new URLSearchParams(requestBody);
    for (const name of ['code', 'code_verifier', 'refresh_token', 'token']) {
      const value = request.get(name);
      if (value) marks.set(`${name} ${value.slice(0, 4)}`, value);
    }
    if (!responseBody.startsWith('{')) continue;
    const body = JSON.parse(responseBody) as Record<string, unknown>;
    for (const name of ['access_token', 'refresh_token', 'id_token']) {
      const value = body[name];
      if (typeof value === 'string') marks.set(`${name} ${value.slice(-6)}`, value);
    }
  }
  expect([...marks.keys()].filter((name) => name.startsWith('access_token')).length).toBeGreaterThan(1);
  expect([...marks.keys()].filter((name) => name.startsWith('refresh_token')).length).toBeGreaterThan(1);

  const places = new Map<string, Buffer>([
    ['log', Buffer.from(stack.vault.output())],
    ['sdk and command', Buffer.from(seen.join('\n'))],
    ...running,
    ...readFiles(stack.vault.dataDir, 'stopped'),
  ]);
  const names = [...places.keys()];
  expect(names.some((name) => /^running.*-wal$/.test(name))).toBe(true);
  expect(names.some((name) => /^running.*backup\.copy unpacked$/.test(name))).toBe(true);
  expect(findMarks(marks, places)).toEqual([]);
  await stack.application.close();
  await Promise.all([
    provider.close(),
    stack.provider.close(),
    stack.idp.close(),
    proxy.close(),
    keys.service.close(),
  ]);
});
