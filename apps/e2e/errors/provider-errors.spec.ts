import {
  App,
  NetworkError,
  ProviderAPIError,
  ProviderUnauthorizedError,
  ScopeReauthRequiredError,
  TimeoutError,
} from '@alter-ai/alter-sdk';
import { expect, test } from '@playwright/test';
import { findFreePort } from '../harness/machine/ports.js';
import { type Situations, startSituations } from '../harness/situations/situations.js';
import { expectDocumented, expectError } from './expect-error.js';

let place: Situations;
test.beforeAll(async () => {
  place = await startSituations();
});
test.afterAll(() => place?.close());

const makeApp = (options = {}) => new App({ apiKey: place.apiKey, baseUrl: place.vault.url, ...options });

test('ProviderAPI: an error of the provider, with its body and Retry-After', async () => {
  const grantId = await place.connect();
  await using app = makeApp();
  const teapot = await expectError(
    app.request('GET', `${place.apiUrl}/status/418`, { grantId }),
    ProviderAPIError,
    'provider_api_error',
  );
  expect(teapot).toMatchObject({ statusCode: 418, responseBody: '{"status":418}', retryable: false });
  const busy = await expectError(
    app.request('GET', `${place.apiUrl}/status/429?retry_after=7`, { grantId }),
    ProviderAPIError,
    'provider_api_error',
  );
  expect(busy).toMatchObject({ statusCode: 429, retryable: true, retryAfterSeconds: 7 });
  await app.close();
  // Outcomes are reported beside the calls, so their order is not that of the calls.
  const statuses = place
    .readRecords(grantId)
    .filter(({ kind }) => kind === 'access.outcome')
    .map(({ status }) => status)
    .toSorted();
  expect(statuses).toEqual([418, 429]);
});

test('ProviderUnauthorized: the provider refuses the token; the next call has a new one', async () => {
  const userToken = await place.userToken('refused');
  const grantId = await place.connect({ providerId: 'busy', session: { userToken } });
  place.provider.expireAccessTokens({ clientId: 'busy-client' });
  await using app = makeApp();
  const error = await expectError(
    app.request('GET', `${place.apiUrl}/messages`, { grantId }),
    ProviderUnauthorizedError,
    'provider_unauthorized',
  );
  expect(error).toMatchObject({ statusCode: 401, details: { grant_id: grantId } });
  await app.close();
  expect((await place.sdk.request('GET', `${place.apiUrl}/messages`, { grantId })).status).toBe(200);
});

test('ScopeReauthRequired: first by the challenge of the provider, then by the flag of the vault', async () => {
  const userToken = await place.userToken('scoped');
  const grantId = await place.connect({ session: { userToken } });
  await using app = makeApp();
  const challenged = await expectError(
    app.request('GET', `${place.apiUrl}/scoped/messages.write`, { grantId }),
    ScopeReauthRequiredError,
    'scope_mismatch',
  );
  expect(challenged).toMatchObject({
    statusCode: 403,
    grantId,
    providerId: 'acme',
    missingScopes: ['messages.write'],
    details: { source: 'provider_insufficient_scope' },
  });
  await app.close();
  const calls = place.countApiCalls();
  const flagged = await expectError(
    place.sdk.request('GET', `${place.apiUrl}/messages`, { grantId }),
    ScopeReauthRequiredError,
    'scope_mismatch',
  );
  expect(flagged).toMatchObject({
    statusCode: 403,
    grantId,
    providerId: 'acme',
    missingScopes: ['messages.write'],
    details: { source: 'backend_flag' },
  });
  expect(place.countApiCalls()).toBe(calls);
  await expectDocumented(flagged);
  const { grants } = await place.sdk.listGrants({ endUserToken: userToken });
  expect(grants).toMatchObject([{ grantId, scopeMismatch: true }]);
  // Connecting again clears it.
  expect(await place.connect({ session: { userToken } })).toBe(grantId);
  expect((await place.sdk.request('GET', `${place.apiUrl}/messages`, { grantId })).status).toBe(200);
});

test('Network: the provider cuts the connection; nobody listens at the address of the vault', async () => {
  const grantId = await place.connect();
  await using app = makeApp();
  const order = place.provider.misbehave({ kind: 'cut', endpoint: 'api' });
  const cut = await expectError(
    app.request('GET', `${place.apiUrl}/messages`, { grantId }),
    NetworkError,
    'network_error',
  );
  place.provider.clearMisbehaviours(order);
  expect(cut).toMatchObject({ retryable: true, details: { peer: 'provider' } });
  await app.close();
  expect(place.readRecords(grantId).at(-1)).toMatchObject({ kind: 'access.outcome', status: 0 });

  const nowhere = makeApp({ baseUrl: `http://127.0.0.1:${await findFreePort()}`, timeoutMs: 2000 });
  const refused = await expectError(nowhere.listGrants(), NetworkError, 'network_error');
  expect(refused).toMatchObject({ retryable: true, details: { peer: 'vault', cause_code: 'ECONNREFUSED' } });
  await nowhere.close();
});

test('Timeout: the provider takes longer than the caller waits', async () => {
  const grantId = await place.connect();
  await using app = makeApp();
  const error = await expectError(
    app.request('GET', `${place.apiUrl}/slow?ms=5000`, { grantId, timeoutMs: 600 }),
    TimeoutError,
    'timeout',
  );
  expect(error).toBeInstanceOf(NetworkError);
  expect(error).toMatchObject({ retryable: true, details: { peer: 'provider' } });
});
