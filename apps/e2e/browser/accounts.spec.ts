import { type Browser, expect, type Page, test } from '@playwright/test';
import {
  connectAccount,
  countExchanges,
  leaveForProvider,
  openApplication,
  openPopup,
  prepareSession,
  readStatus,
  signIn,
  waitForGrants,
} from '../harness/browser/connect-flow.js';
import { type Stack, startStack } from '../harness/stack.js';

let stack: Stack;
test.beforeAll(async () => {
  stack = await startStack({
    shapes: ['microsoft'],
    copies: [
      { id: 'umbra', name: 'Umbra' },
      {
        id: 'regional',
        name: 'Regional',
        url_params: [
          { name: 'workspace', label: 'Workspace', example: 'my-team' },
          { name: 'region', label: 'Region', options: ['eu', 'us'], default: 'eu' },
        ],
        extra_authorization_params: { resource_hint: 'none' },
      },
    ],
  });
});
test.afterAll(() => stack?.close());

type SessionOptions = Parameters<Stack['sdk']['createConnectSession']>[0];

/** Opens the connect page of a new session in this tab; answers the session's token. */
async function openPage(page: Page, options: SessionOptions): Promise<string> {
  const session = await stack.sdk.createConnectSession(options);
  await page.goto(session.connectUrl);
  await page.getByRole('heading', { level: 1 }).waitFor();
  return session.sessionToken;
}

/** Connects Alice's account in a browser of its own; answers the grant's id. */
async function connectOnce(browser: Browser, options: SessionOptions): Promise<string> {
  const page = await browser.newPage();
  const token = await openPage(page, options);
  await connectAccount(page);
  const [grant] = await stack.sdk.pollConnectSession(token, { pollIntervalMs: 100 });
  await page.close();
  return grant?.grantId ?? '';
}

const heading = (page: Page, name: string | RegExp) => page.getByRole('heading', { level: 1, name });
const findGrant = async (grantId: string) =>
  (await stack.sdk.listGrants()).grants.find((grant) => grant.grantId === grantId);

test.describe('C5: another account than the expected one at a reauthorization', () => {
  let grantId: string;
  let token: string;
  test.beforeAll(async ({ browser }) => {
    grantId = await connectOnce(browser, { allowedProviders: ['acme'] });
  });
  test.beforeEach(async ({ page }) => {
    // A repair goes straight to the provider.
    token = await openPage(page, { allowedProviders: ['acme'], repairGrantId: grantId });
    await signIn(page, 'bob');
    await expect(heading(page, 'That is a different account')).toBeVisible();
    await expect(page.getByRole('definition')).toHaveText(['alice@example.test', 'bob@example.test']);
    expect((await readStatus(stack, token)).status).toBe('pending');
    expect(await findGrant(grantId)).toMatchObject({
      accountIdentifier: 'alice@example.test',
      status: 'active',
    });
  });

  test('is added beside it', async ({ page }) => {
    await page.getByRole('button', { name: 'Add as another account' }).click();
    await expect(heading(page, 'Your account is connected')).toBeVisible();
    const [added] = await stack.sdk.pollConnectSession(token);
    expect(added?.accountIdentifier).toBe('bob@example.test');
    expect(added?.grantId).not.toBe(grantId);
    expect(await findGrant(grantId)).toMatchObject({
      accountIdentifier: 'alice@example.test',
      status: 'active',
    });
  });

  test('is left for the right one, which keeps its grant', async ({ page }) => {
    await page.getByRole('button', { name: /try again/i }).click();
    await signIn(page, 'alice');
    await expect(heading(page, 'Your account is connected')).toBeVisible();
    const results = await stack.sdk.pollConnectSession(token);
    expect(results).toMatchObject([
      { grantId, operation: 'reauth', accountIdentifier: 'alice@example.test' },
    ]);
  });

  test('is dropped, and nothing has changed', async ({ page }) => {
    await page.getByRole('button', { name: 'Cancel' }).click();
    await expect(heading(page, 'Nothing was changed')).toBeVisible();
    await expect(stack.sdk.pollConnectSession(token)).rejects.toMatchObject({ code: 'account_mismatch' });
    expect(await findGrant(grantId)).toMatchObject({
      accountIdentifier: 'alice@example.test',
      status: 'active',
    });
  });
});

test('C1: two providers in one session, pending in between, ended by Done', async ({ page }) => {
  await openApplication(page, stack, 'providers=acme,umbra');
  const token = await prepareSession(page);
  const popup = await openPopup(page);
  await expect(popup.getByRole('button', { name: 'Done' })).toHaveAttribute('aria-disabled', 'true');
  await connectAccount(popup, { provider: 'Acme' });
  await expect(popup.getByRole('button', { name: 'Acme alice@example.test' })).toBeVisible();
  expect((await readStatus(stack, token)).status).toBe('pending');

  await leaveForProvider(popup, 'Umbra');
  await signIn(popup, 'alice', 'Deny');
  await expect(popup.getByRole('button', { name: /^Umbra Declined/ })).toBeVisible();
  expect((await readStatus(stack, token)).status).toBe('pending');
  await connectAccount(popup, { provider: 'Umbra', user: 'bob' });
  await expect(popup.getByRole('button', { name: 'Umbra bob@example.test' })).toBeVisible();

  await popup.getByRole('button', { name: 'Done' }).click();
  expect(await waitForGrants(page)).toMatchObject([
    { provider: 'acme', account_identifier: 'alice@example.test' },
    { provider: 'umbra', account_identifier: 'bob@example.test' },
  ]);
  expect(await stack.sdk.pollConnectSession(token)).toHaveLength(2);
});

test('C7: a provider with parameters asks for them, and refuses what its addresses cannot hold', async ({
  page,
}) => {
  const token = await openPage(page, { allowedProviders: ['regional'] });
  const workspace = page.getByRole('textbox', { name: 'Workspace' });
  await expect(workspace).toHaveAccessibleDescription(/my-team/);
  for (const wrong of ['', 'evil.example/', 'a.b']) {
    await workspace.fill(wrong);
    await page.getByRole('button', { name: 'Continue' }).click();
    await expect(workspace).toHaveAttribute('aria-invalid', 'true');
    await expect(workspace).toBeFocused();
  }
  await workspace.fill('my-team');
  await page.getByRole('combobox', { name: 'Region' }).selectOption('us');
  await connectAccount(page);
  expect(await stack.sdk.pollConnectSession(token)).toMatchObject([{ providerId: 'regional' }]);
});

test('C7: a catalogue provider with a parameter has its default filled in', async ({ page }) => {
  const token = await openPage(page, { allowedProviders: ['microsoft'] });
  await expect(page.getByRole('textbox', { name: /tenant/i })).toHaveValue('common');
  await connectAccount(page);
  expect(await stack.sdk.pollConnectSession(token)).toMatchObject([{ providerId: 'microsoft' }]);
});

test('C1: the lifetime that the user chooses within the maximum is the grant’s', async ({ page }) => {
  const daySeconds = 86_400;
  const token = await openPage(page, {
    allowedProviders: ['acme'],
    grantPolicy: { maxTtlSeconds: 30 * daySeconds, defaultTtlSeconds: daySeconds },
  });
  const lifetime = page.getByRole('combobox', { name: 'Access lasts' });
  await expect(lifetime).toHaveValue(String(daySeconds));
  expect(await lifetime.getByRole('option').allTextContents()).toEqual([
    '1 hour',
    '1 day',
    '7 days',
    '30 days',
  ]);
  await lifetime.selectOption('7 days');
  const startedMs = Date.now();
  await connectAccount(page);
  const [grant] = await stack.sdk.pollConnectSession(token);
  expect(grant?.grantPolicy?.createdBy).toBe('end_user');
  const lastsMs = Date.parse(grant?.grantPolicy?.expiresAt ?? '') - startedMs;
  expect(Math.abs(lastsMs - 7 * daySeconds * 1000)).toBeLessThan(60_000);
});

test('C1: an account that is connected already is used as it is, or another one is added', async ({
  page,
  browser,
}) => {
  const userToken = await stack.userToken('alice');
  const options = { allowedProviders: ['acme'], userToken };
  const grantId = await connectOnce(browser, options);
  const exchanges = countExchanges(stack);
  const first = await openPage(page, options);
  await expect(page.getByText('for alice@example.test')).toBeVisible();
  await page.getByRole('button', { name: 'Use alice@example.test' }).click();
  await expect(heading(page, 'Your account is connected')).toBeVisible();
  expect(await stack.sdk.pollConnectSession(first)).toMatchObject([{ grantId, operation: 'reauth' }]);
  expect(countExchanges(stack)).toBe(exchanges);

  const second = await openPage(page, options);
  await page.getByRole('button', { name: 'Connect another account' }).click();
  await signIn(page, 'bob');
  await expect(heading(page, 'Your account is connected')).toBeVisible();
  const [added] = await stack.sdk.pollConnectSession(second);
  expect(added).toMatchObject({ operation: 'creation', accountIdentifier: 'bob@example.test' });

  // Nobody's accounts are shown where the session belongs to nobody.
  await openPage(page, { allowedProviders: ['acme'] });
  await expect(page.getByRole('heading', { name: 'Already connected' })).toHaveCount(0);
});
