import {
  App,
  BackendError,
  BlockedDestinationError,
  InsufficientScopeError,
  InvalidKeyError,
  KeyExpiredError,
  PolicyViolationError,
  RateLimitError,
} from '@alter-ai/alter-sdk';
import { expect, test } from '@playwright/test';
import { exhaustRefusals } from '../harness/situations/exhaust-refusals.js';
import { type Situations, startSituations } from '../harness/situations/situations.js';
import { startStack } from '../harness/stack.js';
import { expectDocumented, expectError } from './expect-error.js';

let place: Situations;
test.beforeAll(async () => {
  place = await startSituations();
});
test.afterAll(() => place?.close());

const call = (grantId: string, url = `${place.apiUrl}/messages`) =>
  place.sdk.request('GET', url, { grantId, timeoutMs: 3000 });
const withKey = (apiKey: string) => new App({ apiKey, baseUrl: place.vault.url, timeoutMs: 3000 });

test('PolicyViolation P6: at this time; the error says when it passes', async () => {
  const grantId = await place.connect({ providerId: 'closed' });
  const calls = place.countApiCalls();
  const error = await expectError(call(grantId), PolicyViolationError, 'time_window');
  expect(error).toMatchObject({ policyError: 'time_window', statusCode: 403, retryable: false });
  expect(error.details).toMatchObject({ rule_name: 'closed days', grant_id: grantId });
  expect(error.retryAt).toMatch(/T09:00:00(\.000)?Z$/);
  expect(Date.parse(error.retryAt ?? '')).toBeGreaterThan(Date.now());
  expect(place.countApiCalls()).toBe(calls);
  await expectDocumented(error);
});

test('PolicyViolation P4: from this address', async () => {
  const grantId = await place.connect({ providerId: 'fenced' });
  const calls = place.countApiCalls();
  const error = await expectError(call(grantId), PolicyViolationError, 'ip_allowlist');
  expect(error).toMatchObject({ policyError: 'ip_allowlist', statusCode: 403, retryAt: undefined });
  expect(error.details).toMatchObject({ rule_name: 'office network', observed: { address: '127.0.0.1' } });
  expect(error.message).not.toContain('203.0.113');
  expect(place.countApiCalls()).toBe(calls);
  await expectDocumented(error);
});

test('BlockedDestination E1: a host that the provider entry does not name, and one that only looks like it', async () => {
  const grantId = await place.connect();
  const port = new URL(place.apiUrl).port;
  const hosts = [
    'https://elsewhere.example/',
    `https://127.0.0.1:${Number(port) + 1}/`,
    `http://localhost:${port}/`,
  ];
  for (const url of hosts) {
    const error = await expectError(call(grantId, url), BlockedDestinationError, 'blocked_destination');
    expect(error).toMatchObject({ statusCode: 422, retryable: false });
    expect(error.details.allowed_hosts).toEqual([`127.0.0.1:${port}`]);
    await expectDocumented(error);
  }
});

test('InsufficientScope: a key that may only make connect sessions', async () => {
  const grantId = await place.connect();
  await using app = withKey(place.keys.narrow);
  expect((await app.createConnectSession({ allowedProviders: ['acme'] })).sessionToken).toMatch(/^alter_cs_/);
  const error = await expectError(
    app.request('GET', `${place.apiUrl}/messages`, { grantId }),
    InsufficientScopeError,
    'insufficient_scope',
  );
  expect(error).toMatchObject({
    statusCode: 403,
    required: ['tokens:retrieve'],
    granted: ['connect:initiate'],
    missing: ['tokens:retrieve'],
  });
  await expectDocumented(error);
  const list = await expectError(app.listGrants(), InsufficientScopeError, 'insufficient_scope');
  expect(list.missing).toEqual(['grants:read']);
});

test('InvalidKey and KeyExpired', async () => {
  await using unknown = withKey(place.keys.unknown);
  const invalid = await expectError(unknown.listGrants(), InvalidKeyError, 'invalid_key');
  expect(invalid.statusCode).toBe(401);
  await expectDocumented(invalid);
  await using late = withKey(place.keys.expired);
  const expired = await expectError(late.listGrants(), KeyExpiredError, 'key_expired');
  expect(expired.statusCode).toBe(401);
  await expectDocumented(expired);
});

test('Backend: a provider that is not configured', async () => {
  const error = await expectError(
    place.sdk.createConnectSession({ allowedProviders: ['unset'] }),
    BackendError,
    'provider_not_configured',
  );
  expect(error).toMatchObject({ statusCode: 409, retryable: false });
  expect(error.message).toContain('not configured');
  expect(error.message).toContain('unset');
  await expectDocumented(error);
  await expectError(
    place.sdk.request('GET', `${place.apiUrl}/messages`, { provider: 'unset' }),
    BackendError,
    'provider_not_configured',
  );
});

test('Backend R7: the breaker of a provider configuration whose client is refused', async () => {
  const grantId = await place.connect({ providerId: 'broken' });
  await using app = withKey(place.apiKey);
  place.provider.rotateClientSecret('oidc', 'broken-client', 'another-secret');
  place.provider.expireAccessTokens({ clientId: 'broken-client' });
  await app.request('GET', `${place.apiUrl}/messages`, { grantId }).catch(() => undefined);
  await app.close();
  const first = await expectError(call(grantId), BackendError, 'provider_configuration_unavailable');
  expect(first).toMatchObject({ statusCode: 503, retryable: true });
  expect(first.details).toMatchObject({ provider_id: 'broken', provider_error: 'invalid_client' });
  expect(first.details.retry_after_seconds).toBeGreaterThanOrEqual(1);
  expect(first.message).toContain('Broken');
  expect(JSON.stringify(first.details)).not.toContain('acme-secret');
  await expectDocumented(first);
  const asked = place.countTokenCalls('broken-client');
  await expectError(call(grantId), BackendError, 'provider_configuration_unavailable');
  expect(place.countTokenCalls('broken-client')).toBe(asked);
  // The grant itself is not touched (R7).
  const { grants } = await place.sdk.listGrants({ providerId: 'broken' });
  expect(grants).toMatchObject([{ grantId, status: 'active', needsReconnect: false }]);
});

test('RateLimit T5: a flood of refused calls', async () => {
  const limited = await startStack();
  try {
    await exhaustRefusals(limited.vault.url);
    await using app = new App({ apiKey: place.keys.unknown, baseUrl: limited.vault.url, timeoutMs: 900 });
    const error = await expectError(app.listGrants(), RateLimitError, 'rate_limit_exceeded');
    expect(error).toMatchObject({ statusCode: 429, retryable: true, scope: 'ip', windowSeconds: 60 });
    expect(error.limit).toBeGreaterThan(0);
    expect(error.retryAfterSeconds).toBeGreaterThanOrEqual(1);
    await expectDocumented(error);
    // Who signs well is not kept out by others at the same address.
    expect((await limited.sdk.listGrants()).grants).toEqual([]);
  } finally {
    await limited.close();
  }
});
