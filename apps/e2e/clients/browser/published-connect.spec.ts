import { createRequire } from 'node:module';
import { type BrowserContextOptions, expect, type Page, test } from '@playwright/test';
import {
  connectAccount,
  type HandedGrant,
  leaveForProvider,
  openApplication,
  openPopup,
  prepareSession,
  readOutcomes,
  readStatus,
  signIn,
  waitForGrants,
  waitForOutcome,
} from '../../harness/browser/connect-flow.js';
import { type Stack, startStack } from '../../harness/stack.js';

const require = createRequire(import.meta.url);
const phone: BrowserContextOptions = {
  viewport: { width: 375, height: 812 },
  hasTouch: true,
  isMobile: true,
  userAgent:
    'Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1',
};

let stack: Stack;
test.beforeAll(async () => {
  stack = await startStack({
    copies: [{ id: 'globex', name: 'Globex' }],
    app: { branding: { display_name: 'Demo application' } },
  });
});
test.afterAll(async () => {
  const verdict = stack?.vault.alter('audit', 'verify');
  await stack?.close();
  expect(verdict, verdict?.stderr).toMatchObject({ status: 0 });
});

test('the library under test is the published 0.8.0', async ({ page }) => {
  const { version } = require('published-alter-connect/package.json') as { version: string };
  expect(version).toBe('0.8.0');
  await openApplication(page, stack, 'library=published');
  // What its own getVersion says in that release.
  expect(await page.evaluate('window.client.getVersion()')).toBe('0.2.0');
});

test('popup: connects, is called, and the window closes', async ({ page }) => {
  await openApplication(page, stack, 'library=published&providers=acme&user=ann');
  await prepareSession(page);
  const popup = await openPopup(page);
  await expect(popup).toHaveURL(new RegExp(`^${stack.vault.url}/sdk/oauth/connect`));
  await connectAccount(popup);
  const [grant] = await waitForGrants(page);
  expect(grant).toMatchObject({
    provider: 'acme',
    provider_name: 'Acme',
    account_identifier: 'alice@example.test',
    operation: 'creation',
    status: 'active',
    scopes: expect.arrayContaining(['openid', 'email']),
  });
  await expect.poll(() => popup.isClosed()).toBe(true);
  expect((await readOutcomes(page)).map(({ kind }) => kind).sort()).toEqual(['event:success', 'success']);
  const grantId = grant?.grant_id ?? '';
  const response = await stack.sdk.request('GET', `${stack.apiUrl}/messages`, { grantId });
  expect(await response.json()).toMatchObject({ account: 'alice' });
});

test('popup: an account that is connected already is handed over again', async ({ page }) => {
  await openApplication(page, stack, 'library=published&providers=acme&user=ann');
  await prepareSession(page);
  const popup = await openPopup(page);
  await popup.getByRole('button', { name: 'Use alice@example.test' }).click();
  const [grant] = await waitForGrants(page);
  const { grants } = await stack.sdk.listGrants({ endUserToken: await stack.userToken('ann') });
  expect(grants).toHaveLength(1);
  expect(grant).toMatchObject({ grant_id: grants[0]?.grantId, account_identifier: 'alice@example.test' });
  await expect.poll(() => popup.isClosed()).toBe(true);
});

test('popup: two providers in one session arrive together', async ({ page }) => {
  await openApplication(page, stack, 'library=published&providers=acme,globex&user=two');
  await prepareSession(page);
  const popup = await openPopup(page);
  await leaveForProvider(popup, 'Acme');
  await signIn(popup, 'alice');
  await leaveForProvider(popup, 'Globex');
  await signIn(popup, 'bob');
  await popup.getByRole('button', { name: /^done/i }).click();
  const grants = await waitForGrants(page);
  expect(grants.map(({ provider }) => provider).sort()).toEqual(['acme', 'globex']);
});

test('popup: the user denies', async ({ page }) => {
  await openApplication(page, stack, 'library=published&providers=acme&user=denier');
  const token = await prepareSession(page);
  const popup = await openPopup(page);
  await leaveForProvider(popup);
  await signIn(popup, 'alice', 'Deny');
  expect(await waitForOutcome(page, 'error')).toMatchObject({ code: 'connect_denied' });
  await expect.poll(() => popup.isClosed()).toBe(true);
  expect((await readStatus(stack, token)).status).toBe('error');
});

test('popup: the user closes the window', async ({ page }) => {
  await openApplication(page, stack, 'library=published&providers=acme&user=closer');
  const token = await prepareSession(page);
  const popup = await openPopup(page);
  await popup.getByRole('heading', { level: 1 }).waitFor();
  await popup.close();
  await waitForOutcome(page, 'exit', 5000);
  expect((await readStatus(stack, token)).status).toBe('pending');
});

test.describe('redirect on a phone', () => {
  test.use(phone);

  /** What the library reports on its console: it emits from its constructor, before a page can listen. */
  async function leaveAndListen(
    page: Page,
    user: string,
  ): Promise<{ returned: Promise<unknown>; left: string }> {
    await openApplication(page, stack, `library=published&providers=acme&return=1&user=${user}`);
    const left = page.url();
    await prepareSession(page);
    const returned = page
      .waitForEvent('console', {
        predicate: (line) => line.text().includes('redirect return - '),
        timeout: 30_000,
      })
      .then((line) => Promise.all(line.args().map((argument) => argument.jsonValue() as Promise<unknown>)));
    await page.getByRole('button', { name: 'Connect', exact: true }).tap();
    await page.waitForURL(`${stack.vault.url}/**`);
    return { returned, left };
  }

  test('comes back with the grant', async ({ page }) => {
    const { returned, left } = await leaveAndListen(page, 'phone');
    await connectAccount(page);
    const [, title, grants] = (await returned) as [unknown, unknown, HandedGrant[]];
    expect(title).toBe('OAuth redirect return - success:');
    expect(grants).toMatchObject([
      {
        provider: 'acme',
        provider_name: 'Acme',
        account_identifier: 'alice@example.test',
        operation: 'creation',
      },
    ]);
    await expect(page).toHaveURL(left);
    const listed = await stack.sdk.listGrants({ endUserToken: await stack.userToken('phone') });
    expect(listed.grants.map(({ grantId }) => grantId)).toEqual([grants[0]?.grant_id]);
    const response = await stack.sdk.request('GET', `${stack.apiUrl}/messages`, {
      grantId: grants[0]?.grant_id,
    });
    expect(response.status).toBe(200);
  });

  test('comes back with the denial', async ({ page }) => {
    const { returned } = await leaveAndListen(page, 'phone-denier');
    await leaveForProvider(page);
    await signIn(page, 'alice', 'Deny');
    const [, title, error] = (await returned) as [unknown, unknown, unknown];
    expect(title).toBe('OAuth redirect return - error:');
    expect(error).toMatchObject({ code: 'connect_denied' });
  });
});
