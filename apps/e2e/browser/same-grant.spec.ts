import { type BrowserContextOptions, expect, type Page, test } from '@playwright/test';
import {
  connectAccount,
  openApplication,
  openPopup,
  prepareSession,
  readOutcomes,
  readStatus,
  signIn,
  waitForGrants,
  waitForOutcome,
} from '../harness/browser/connect-flow.js';
import { type Stack, startStack } from '../harness/stack.js';

let stack: Stack;
test.beforeAll(async () => {
  stack = await startStack();
});
test.afterAll(() => stack?.close());

const phone: BrowserContextOptions = {
  viewport: { width: 375, height: 812 },
  hasTouch: true,
  isMobile: true,
  userAgent:
    'Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1',
};

/** Starts the redirect on a phone; ends on the connect page in the same tab. */
async function leaveByRedirect(page: Page): Promise<string> {
  await openApplication(page, stack, 'providers=acme&return=1');
  const token = await prepareSession(page);
  await page.getByRole('button', { name: 'Connect', exact: true }).tap();
  await page.waitForURL(`${stack.vault.url}/**`);
  return token;
}

test('C1: popup, full-page redirect on a phone and headless give the same grant', async ({
  page,
  browser,
}) => {
  await openApplication(page, stack);
  await prepareSession(page);
  await connectAccount(await openPopup(page));
  const [byPopup] = await waitForGrants(page);
  expect(byPopup?.operation).toBe('creation');

  const phoneContext = await browser.newContext(phone);
  const phonePage = await phoneContext.newPage();
  await leaveByRedirect(phonePage);
  await connectAccount(phonePage);
  const [byRedirect] = await waitForGrants(phonePage, 'event:success', 8000);
  expect(byRedirect).toMatchObject({ grant_id: byPopup?.grant_id, operation: 'reauth' });
  // The address is as it was before: no parameter of the return stays in the history.
  expect(phonePage.url()).toBe(`${stack.application.origin}/?providers=acme&return=1`);
  await phoneContext.close();

  const otherContext = await browser.newContext();
  const otherPage = await otherContext.newPage();
  let follow: Promise<void> | undefined;
  const results = await stack.sdk.connect({
    providers: ['acme'],
    openBrowser: false,
    pollIntervalMs: 200,
    onLink: (url) => {
      follow = otherPage.goto(url).then(() => connectAccount(otherPage));
    },
  });
  await follow;
  expect(results).toMatchObject([
    { grantId: byPopup?.grant_id, operation: 'reauth', accountIdentifier: 'alice@example.test' },
  ]);
  await expect(otherPage.getByRole('heading', { name: 'Your account is connected' })).toBeVisible();
  await otherContext.close();

  const grants = await stack.sdk.listGrants();
  expect(grants.grants.map(({ grantId }) => grantId)).toEqual([byPopup?.grant_id]);
});

test.describe('on a phone', () => {
  test.use(phone);

  test('C6: a denial comes back to the application as an error', async ({ page }) => {
    const token = await leaveByRedirect(page);
    await page.getByRole('button', { name: 'Continue' }).tap();
    await signIn(page, 'alice', 'Deny');
    expect(await waitForOutcome(page, 'event:error')).toMatchObject({ code: 'connect_denied' });
    expect((await readStatus(stack, token)).status).toBe('error');
  });

  test('C1: going back without connecting ends nothing', async ({ page }) => {
    const token = await leaveByRedirect(page);
    await page.getByRole('heading', { level: 1 }).waitFor();
    await page.goBack();
    await expect(page.locator('body')).toHaveAttribute('data-ready', 'true');
    expect((await readOutcomes(page)).filter(({ kind }) => kind !== 'exit')).toEqual([]);
    expect((await readStatus(stack, token)).status).toBe('pending');
  });
});
