import {
  App,
  ConnectConfigError,
  ConnectDeniedError,
  ConnectFlowError,
  ConnectTimeoutError,
} from '@alter-ai/alter-sdk';
import { expect, test } from '@playwright/test';
import { openConnectUrl } from '../harness/connect-over-http.js';
import { type Situations, startSituations } from '../harness/situations/situations.js';
import { expectError } from './expect-error.js';

let place: Situations;
test.beforeAll(async () => {
  place = await startSituations();
});
test.afterAll(() => place?.close());

const poll = (sessionToken: string) =>
  place.sdk.pollConnectSession(sessionToken, { timeout: 10, pollInterval: 0.1 });

/** Makes a session and follows its link to the end. */
async function follow(providerId: string, decision: 'allow' | 'deny' = 'allow'): Promise<string> {
  const session = await place.sdk.createConnectSession({ allowedProviders: [providerId] });
  await openConnectUrl(place.vault.url, session.connectUrl, { providerId, decision });
  return session.sessionToken;
}

const countGrants = async () => (await place.sdk.listGrants()).total;

test('ConnectDenied C6: the user says no at the provider', async () => {
  const before = await countGrants();
  const error = await expectError(poll(await follow('acme', 'deny')), ConnectDeniedError, 'connect_denied');
  expect(error).toBeInstanceOf(ConnectFlowError);
  expect(error.details).toEqual({ error_code: 'connect_denied' });
  expect(await countGrants()).toBe(before);
});

test("ConnectConfig C6: the provider refuses the app's client", async () => {
  place.provider.rotateClientSecret('oidc', 'refused-client', 'another-secret');
  const error = await expectError(poll(await follow('refused')), ConnectConfigError, 'invalid_client');
  expect(error).toBeInstanceOf(ConnectFlowError);
  expect(error.message).not.toContain('acme-secret');
  expect((await place.sdk.listGrants({ providerId: 'refused' })).total).toBe(0);
});

test('ConnectFlow C6: the provider does not exchange the code; an unknown session', async () => {
  const order = place.provider.misbehave({ kind: 'error', clientId: 'busy-client', endpoint: 'token' });
  const token = await follow('busy');
  place.provider.clearMisbehaviours(order);
  const error = await expectError(poll(token), ConnectFlowError, 'exchange_failed');
  expect(error.details).toEqual({ error_code: 'exchange_failed' });
  expect((await place.sdk.listGrants({ providerId: 'busy' })).total).toBe(0);
  // A finished session gives its result again.
  await expectError(poll(token), ConnectFlowError, 'exchange_failed');
  await expectError(poll('alter_cs_unknown'), ConnectFlowError, 'session_expired');
});

test('ConnectTimeout: nobody comes in time, by the patience of the caller and by that of the vault', async () => {
  const session = await place.sdk.createConnectSession({ allowedProviders: ['acme'] });
  const impatient = await expectError(
    place.sdk.pollConnectSession(session.sessionToken, { timeout: 0.4, pollInterval: 0.1 }),
    ConnectTimeoutError,
    'connect_timeout',
  );
  expect(impatient.details).toMatchObject({ reason: 'poll_deadline_elapsed', timeout: 0.4 });

  await using other = new App({ apiKey: place.keys.foreign, baseUrl: place.vault.url });
  const short = await other.createConnectSession({ allowedProviders: ['acme'] });
  const late = await expectError(
    other.pollConnectSession(short.sessionToken, { timeout: 20, pollInterval: 0.2 }),
    ConnectTimeoutError,
    'connect_timeout',
  );
  expect(late.details).toMatchObject({ reason: 'session_expired' });
});
