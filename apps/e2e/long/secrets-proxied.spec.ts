import { join } from 'node:path';
import { inspect } from 'node:util';
import { App, CredentialEchoedError, NetworkError } from '@alter-ai/alter-sdk';
import { startOidcServer } from '@alter-ai/emulator';
import { expect, test } from '@playwright/test';
import { connectOverHttp, enterKeyOverHttp } from '../harness/connect-over-http.js';
import { enteredKey, startKeyWorld } from '../harness/key-world.js';
import { echoForms, echoPlaces, startEchoService } from '../harness/marks/echo-service.js';
import { findMarks, readFiles } from '../harness/marks/find-marks.js';
import { startWireTap } from '../harness/marks/wire-tap.js';
import { startRecordingProxy } from '../harness/recording-proxy.js';
import { startStack } from '../harness/stack.js';

const forms = Object.keys(echoForms);
/** No secret: it has to be found, or the search is blind. */
const reason = 'MARK-reason-5d20c7';

test('K6 K7 B7: marked secrets driven through proxy calls, echoed ones too, appear in no file, log, error or answer', async () => {
  test.setTimeout(150_000);
  const provider = await startOidcServer({
    displayName: 'Acme',
    clients: [{ clientId: 'acme-client', clientSecret: 'acme-secret', redirectUris: 'any-loopback' }],
    accessTokenTtlSeconds: 3600,
  });
  const exchanges = await startRecordingProxy(provider.issuer);
  const keys = await startKeyWorld();
  const echo = await startEchoService();
  const stack = await startStack({
    acme: {
      issuer: provider.issuer,
      authorization_endpoint: `${provider.issuer}/authorize`,
      token_endpoint: `${exchanges.url}/token`,
      userinfo_endpoint: `${provider.issuer}/me`,
      api_hosts: [new URL(provider.issuer).host, echo.host],
    },
    app: {
      managed_secrets: keys.entries.map((entry) => ({ ...entry, hosts: [keys.service.host, echo.host] })),
    },
    env: { ALTER_VAULT_LOG_LEVEL: 'debug', ...keys.env },
    isKeyInEnvironment: true,
  });
  // Answers to retrieve calls hold the credential; those to proxy calls never do.
  const tap = await startWireTap(Number(new URL(stack.vault.url).port));
  const sdk = new App({ apiKey: stack.apiKey, baseUrl: tap.url });
  const seen: string[] = [];
  const places = new Map<string, Buffer>();
  const note = (value: unknown) =>
    seen.push(typeof value === 'string' ? value : inspect(value, { depth: 10, showHidden: true }));
  try {
    const target = { url: stack.vault.url, apiKey: stack.apiKey };
    const userToken = await stack.userToken('alice');
    const grantId = await connectOverHttp(target, { providerId: 'acme', session: { userToken } });
    const entering = await stack.sdk.createManagedSecretConnectSession({ provider: 'own', userToken });
    await enterKeyOverHttp(stack.vault.url, entering.connectUrl, { value: enteredKey });

    const api = `${provider.issuer}/api/messages`;
    note(await sdk.proxyRequest('GET', api, { grantId, reason }));
    provider.expireAccessTokens();
    const renewed = await sdk.proxyRequest('GET', api, { grantId, reason });
    expect(renewed.statusCode).toBe(200);
    note(renewed.text());
    const streamed = await sdk.proxyStream('GET', api, { grantId, reason });
    expect(streamed.status).toBe(200);
    note(await streamed.text());

    const secrets = keys.entries.slice(0, -1).map(({ slug }) => ({ provider: slug }));
    for (const call of secrets) {
      const { provider: slug } = call;
      const expected = { method: 'POST', ...keys.expected[slug] };
      const url = `${keys.service.url}/things?page=2`;
      const answer = await sdk.proxyRequest('POST', url, { ...call, reason, json: { n: 1 } });
      expect(answer.json()).toEqual(expected);
      note(answer);
      const stream = await sdk.proxyStream('POST', url, { ...call, reason });
      expect(await stream.json()).toEqual(expected);
      const elsewhere = sdk.proxyRequest('GET', 'https://elsewhere.example/', call);
      note(await elsewhere.catch((error: unknown) => error));
    }

    const echoing = [...secrets, { provider: 'own', userToken }, { grantId }];
    for (const call of echoing) {
      for (const place of echoPlaces) {
        for (const form of forms) {
          const name = `${inspect(call)} ${place} ${form}`;
          const url = `${echo.url}/${place}/${form}?q=1`;
          const refusal = await sdk.proxyRequest('GET', url, call).catch((error: unknown) => error);
          expect(refusal, name).toBeInstanceOf(CredentialEchoedError);
          note(refusal);
          const { error, text } = await readStream(sdk, url, call);
          expect(error, name).toBeInstanceOf(place === 'header' ? CredentialEchoedError : NetworkError);
          note(error);
          // Joined, as the borders of what was written would hide a value that was let through.
          places.set(`what a stream let through (${name})`, Buffer.from(text));
        }
      }
    }
    const echoes = echoing.length * echoPlaces.length * forms.length * 2;
    expect(echo.calls()).toBe(echoes);

    for (const args of [
      ['doctor'],
      ['audit', 'export', '--format', 'jsonl'],
      ['audit', 'export', '--format', 'csv'],
      ['export'],
      ['backup', join(stack.vault.dataDir, 'backup.copy')],
    ]) {
      const result = stack.vault.alter(...args);
      expect(result.status, `${args.join(' ')}: ${result.stderr}`).toBe(0);
      note(`${result.stdout}\n${result.stderr}`);
    }
    const exported = stack.vault.alter('audit', 'export', '--format', 'jsonl').stdout;
    expect(exported.match(/"security\.credential_echoed"/g)).toHaveLength(echoes);
    // While it runs: the write-ahead log is gone once the database is closed.
    for (const [path, bytes] of readFiles(stack.vault.dataDir, 'running')) places.set(path, bytes);
  } finally {
    await sdk.close();
    await stack.sdk.close();
    await stack.vault.stop();
  }

  const marks = new Map<string, string>([
    ['api key', stack.apiKey],
    ['entered key', enteredKey],
    ...Object.entries(keys.env),
  ]);
  for (const { requestBody, responseBody } of exchanges.exchanges) {
    const sent = new URLSearchParams(requestBody).get('refresh_token');
    if (sent) marks.set(`refresh_token ${sent.slice(-6)}`, sent);
    if (!responseBody.startsWith('{')) continue;
    for (const [name, value] of Object.entries(JSON.parse(responseBody) as Record<string, unknown>)) {
      if (/_token$/.test(name) && typeof value === 'string') marks.set(`${name} ${value.slice(-6)}`, value);
    }
  }
  expect([...marks.keys()].filter((name) => name.startsWith('access_token')).length).toBeGreaterThan(1);

  places.set('log', Buffer.from(stack.vault.output()));
  places.set('sdk and command', Buffer.from(seen.join('\n')));
  places.set('every answer of the vault to the sdk', tap.answered());
  for (const [path, bytes] of readFiles(stack.vault.dataDir, 'stopped')) places.set(path, bytes);
  const control = findMarks(new Map([['reason', reason]]), places);
  for (const place of [
    /running.*-wal$/,
    /running.*backup\.copy unpacked$/,
    /stopped.*\.(db|sqlite)$/,
    /sdk and command$/,
  ]) {
    expect(
      control.some((found) => place.test(found)),
      `${place}: ${control.join(', ')}`,
    ).toBe(true);
  }
  expect(findMarks(marks, places)).toEqual([]);
  await Promise.all([
    stack.application.close(),
    provider.close(),
    stack.provider.close(),
    stack.idp.close(),
    exchanges.close(),
    keys.service.close(),
    echo.close(),
    tap.close(),
  ]);
});

/** What a streamed call let through, and how it ended. */
async function readStream(
  sdk: App,
  url: string,
  call: Parameters<App['proxyStream']>[2],
): Promise<{ text: string; error: unknown }> {
  let text = '';
  try {
    const answer = await sdk.proxyStream('GET', url, call);
    text += inspect([...answer.headers]);
    const decoder = new TextDecoder();
    for await (const piece of answer.body ?? []) text += decoder.decode(piece, { stream: true });
    return { text, error: undefined };
  } catch (error) {
    return { text, error };
  }
}
