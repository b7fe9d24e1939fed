import { randomUUID } from 'node:crypto';
import {
  AmbiguousGrantError,
  App,
  CredentialRevokedError,
  GrantExpiredError,
  GrantNotFoundError,
  GrantRevokedError,
  ProviderUnauthorizedError,
  ReAuthRequiredError,
  TokenRefreshInProgressError,
} from '@alter-ai/alter-sdk';
import { expect, test } from '@playwright/test';
import { connectOverHttp, openConnectUrl } from '../harness/connect-over-http.js';
import { type Situations, startSituations } from '../harness/situations/situations.js';
import { expectDocumented, expectError } from './expect-error.js';

let place: Situations;
test.beforeAll(async () => {
  place = await startSituations();
});
test.afterAll(() => place?.close());

const call = (options: Parameters<App['request']>[2]) =>
  place.sdk.request('GET', `${place.apiUrl}/messages`, { timeoutMs: 3000, ...options });

/** A client of its own, closed afterwards: what it still has to report has then arrived. */
async function callAndClose(path: string, grantId: string): Promise<unknown> {
  await using app = new App({ apiKey: place.apiKey, baseUrl: place.vault.url });
  return await app.request('GET', `${place.apiUrl}${path}`, { grantId }).catch((error: unknown) => error);
}

test('GrantNotFound: an unknown grant, by id and by provider', async () => {
  const grantId = randomUUID();
  const byId = await expectError(call({ grantId }), GrantNotFoundError, 'grant_not_found');
  expect(byId).toMatchObject({ grantId, statusCode: 404, retryable: false });
  await expectDocumented(byId);
  const byProvider = await expectError(
    call({ provider: 'acme', userToken: await place.userToken('nobody') }),
    GrantNotFoundError,
    'grant_not_found',
  );
  expect(byProvider.providerId).toBe('acme');
});

test("GrantNotFound T2: another app's grant is answered as an unknown one, and stays untouched", async () => {
  const target = { url: place.vault.url, apiKey: place.keys.foreign };
  const grantId = await connectOverHttp(target, { providerId: 'acme' });
  const calls = place.countApiCalls();
  const foreign = await expectError(call({ grantId }), GrantNotFoundError, 'grant_not_found');
  const unknown = await expectError(call({ grantId: randomUUID() }), GrantNotFoundError, 'grant_not_found');
  const strip = ({ details }: GrantNotFoundError) => ({ ...details, request_id: '' });
  expect(strip(foreign)).toEqual(strip(unknown));
  await expectError(place.sdk.revokeGrant(grantId), GrantNotFoundError, 'grant_not_found');
  expect(place.countApiCalls()).toBe(calls);
  await using owner = new App({ apiKey: place.keys.foreign, baseUrl: place.vault.url });
  expect((await owner.request('GET', `${place.apiUrl}/messages`, { grantId })).status).toBe(200);
});

test('GrantExpired: at the end of its lifetime', async () => {
  const grantId = await place.connect({
    session: { userToken: await place.userToken('short'), grantPolicy: { defaultTtlSeconds: 1 } },
  });
  await expect
    .poll(() => call({ grantId }).then(String, (error: unknown) => (error as Error).name))
    .toBe('GrantExpiredError');
  const error = await expectError(call({ grantId }), GrantExpiredError, 'grant_expired');
  expect(error).toBeInstanceOf(ReAuthRequiredError);
  expect(error).toMatchObject({ grantId, providerId: 'acme', statusCode: 403, retryable: false });
  expect(Date.parse(String(error.details.expired_at))).toBeLessThan(Date.now());
  await expectDocumented(error);
});

test('GrantRevoked F7: taken back by the app', async () => {
  const grantId = await place.connect({ session: { userToken: await place.userToken('leaver') } });
  expect((await call({ grantId })).status).toBe(200);
  expect(await place.sdk.revokeGrant(grantId)).toMatchObject({
    success: true,
    providerRevocation: 'confirmed',
  });
  const calls = place.countApiCalls();
  const error = await expectError(call({ grantId }), GrantRevokedError, 'grant_revoked');
  expect(error).toBeInstanceOf(ReAuthRequiredError);
  expect(error).toMatchObject({ grantId, providerId: 'acme', statusCode: 403 });
  expect(place.countApiCalls()).toBe(calls);
  await expectDocumented(error);
  // By provider the state is the answer too, not that there never was a grant.
  const userToken = await place.userToken('leaver');
  await expectError(call({ provider: 'acme', userToken }), GrantRevokedError, 'grant_revoked');
});

test('CredentialRevoked R6: ended at the provider; its repair keeps the grant id', async () => {
  const grantId = await place.connect({ providerId: 'ended' });
  expect(place.provider.revokeGrants({ clientId: 'ended-client' })).toBeGreaterThan(0);
  expect(await callAndClose('/messages', grantId)).toBeInstanceOf(ProviderUnauthorizedError);
  const error = await expectError(call({ grantId }), CredentialRevokedError, 'credential_revoked');
  expect(error).toBeInstanceOf(ReAuthRequiredError);
  expect(error).toMatchObject({ grantId, providerId: 'ended', statusCode: 403, retryable: false });
  expect(error.details.cause).toBe('invalid_grant');
  await expectDocumented(error);
  const asked = place.countTokenCalls('ended-client');
  await expectError(call({ grantId }), CredentialRevokedError, 'credential_revoked');
  expect(place.countTokenCalls('ended-client')).toBe(asked);

  const session = await place.sdk.createConnectSessionForError(error);
  await openConnectUrl(place.vault.url, session.connectUrl, { providerId: 'ended' });
  const repaired = await place.sdk.pollConnectSession(session.sessionToken, {
    timeout: 10,
    pollInterval: 0.1,
  });
  expect(repaired).toMatchObject([{ grantId, operation: 'reauth' }]);
  expect((await call({ grantId })).status).toBe(200);
});

test('AmbiguousGrant: two accounts of one user; the error names them and either works', async () => {
  const userToken = await place.userToken('two-accounts');
  const alice = await place.connect({ user: 'alice', session: { userToken } });
  const bob = await place.connect({ user: 'bob', session: { userToken } });
  const error = await expectError(
    call({ provider: 'acme', userToken }),
    AmbiguousGrantError,
    'ambiguous_grant',
  );
  expect(error).toMatchObject({
    providerId: 'acme',
    statusCode: 409,
    retryable: false,
    accountWasProvided: false,
    candidatesTruncated: false,
  });
  expect([...error.accountIdentifiers].sort()).toEqual(['alice@example.test', 'bob@example.test']);
  expect([...error.grantIds].sort()).toEqual([alice, bob].sort());
  expect(error.candidates).toContainEqual({
    grantId: bob,
    label: undefined,
    accountIdentifier: 'bob@example.test',
    accountDisplayName: undefined,
  });
  await expectDocumented(error);
  const chosen = await call({ provider: 'acme', userToken, account: 'bob@example.test' });
  expect(await chosen.json()).toMatchObject({ account: 'bob' });
});

test('ReAuthRequired: a user token that is forged, expired, or of another audience', async () => {
  const make = (overrides: object) =>
    place.idp.issueUserToken({ subject: 'mallory', audience: 'demo-api', ...overrides });
  for (const userToken of [
    await make({ overrides: { key: 'unknown' } }),
    await make({ expiresInSeconds: -3600 }),
    await make({ audience: 'another-api' }),
    'not.a.token',
  ]) {
    const error = await expectError(
      call({ provider: 'acme', userToken }),
      ReAuthRequiredError,
      'jwt_validation_error',
    );
    expect(error.statusCode).toBe(401);
    expect(JSON.stringify(error.details)).not.toContain(userToken);
    await expectDocumented(error);
  }
});

test('TokenRefreshInProgress R6: while the word of the provider is not final', async () => {
  const grantId = await place.connect({ providerId: 'patient' });
  place.provider.expireAccessTokens({ clientId: 'patient-client' });
  expect(await callAndClose('/messages', grantId)).toBeInstanceOf(ProviderUnauthorizedError);
  place.provider.misbehave({ kind: 'error', clientId: 'patient-client', endpoint: 'token', times: 1 });
  const error = await expectError(
    call({ grantId }),
    TokenRefreshInProgressError,
    'token_refresh_in_progress',
  );
  expect(error).toMatchObject({ grantId, providerId: 'patient', statusCode: 409, retryable: true });
  expect(error.retryAfterSeconds).toBeGreaterThanOrEqual(1);
  await expectDocumented(error);
  // The SDK waits as long as it is told and then has its answer.
  expect((await call({ grantId, timeoutMs: 30_000 })).status).toBe(200);
});
