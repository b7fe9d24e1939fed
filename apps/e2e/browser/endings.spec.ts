import { expect, type Page, test } from '@playwright/test';
import {
  connectAccount,
  openApplication,
  openPopup,
  prepareSession,
  readStatus,
  signIn,
  waitForOutcome,
} from '../harness/browser/connect-flow.js';
import { type Stack, startStack } from '../harness/stack.js';

let stack: Stack;
test.beforeAll(async () => {
  stack = await startStack({
    app: { branding: { display_name: 'Sunny Mail', primary_color: '#f9a03f' } },
    copies: [
      { id: 'umbra', name: 'Umbra' },
      { id: 'broken', name: 'Broken', client_secret: 'not-the-secret' },
    ],
  });
});
test.afterAll(() => stack?.close());

const heading = (page: Page, name: string | RegExp) => page.getByRole('heading', { level: 1, name });

test('C6: a wrong client secret ends in a page for the developer and the same code everywhere', async ({
  page,
}) => {
  await openApplication(page, stack, 'providers=broken');
  const token = await prepareSession(page);
  const popup = await openPopup(page);
  await connectAccount(popup);
  expect(await waitForOutcome(page, 'error')).toMatchObject({ code: 'invalid_client' });
  await expect(stack.sdk.pollConnectSession(token)).rejects.toMatchObject({
    name: 'ConnectConfigError',
    code: 'invalid_client',
  });
  const session = await stack.sdk.createConnectSession({ allowedProviders: ['broken'] });
  await page.goto(session.connectUrl);
  await connectAccount(page);
  await expect(heading(page, 'Sunny Mail is not set up for this yet')).toBeVisible();
  // By the reference the developer finds the records of this very session.
  const reference = (await page.getByRole('definition').last().textContent()) ?? '';
  expect(reference).toMatch(/^[0-9a-f-]{36}$/);
});

test('C6: a page that is over says how it ended, and leads nowhere', async ({ page }) => {
  const session = await stack.sdk.createConnectSession({ allowedProviders: ['acme'] });
  await page.goto(session.connectUrl);
  await connectAccount(page);
  await expect(heading(page, 'Your account is connected')).toBeVisible();
  await page.reload();
  await expect(heading(page, 'Your account is connected')).toBeVisible();
  await page.goto(`${stack.vault.url}/healthz`);
  await page.goto(session.connectUrl);
  await expect(heading(page, 'Your account is connected')).toBeVisible();
  await expect(page.getByRole('button', { name: /continue|acme/i })).toHaveCount(0);

  const denied = await stack.sdk.createConnectSession({ allowedProviders: ['acme'] });
  await page.goto(`${stack.vault.url}/healthz`);
  await page.goto(denied.connectUrl);
  await page.getByRole('button', { name: 'Continue' }).click();
  await signIn(page, 'alice', 'Deny');
  await expect(heading(page, 'Nothing was connected')).toBeVisible();
  await expect(page.getByRole('link', { name: 'Back to Sunny Mail' })).toHaveAttribute(
    'href',
    stack.application.origin,
  );
});

test('C6: a denial among several providers is told on the page, which goes on', async ({ page }) => {
  const session = await stack.sdk.createConnectSession({ allowedProviders: ['acme', 'umbra'] });
  await page.goto(session.connectUrl);
  await page.getByRole('button', { name: /^Acme/ }).click();
  await page.getByRole('button', { name: 'Continue' }).click();
  await signIn(page, 'alice', 'Deny');
  await expect(page.getByRole('alert')).toContainText('denied');
  await page.getByRole('button', { name: 'Cancel' }).click();
  await expect(page.getByRole('heading', { level: 1 })).toHaveText(/Nothing was connected|Cancelled/);
  expect((await readStatus(stack, session.sessionToken)).status).toBe('error');
});

test('C6: links that are wrong or foreign lead to one page that says what to do', async ({ page }) => {
  const url = `${stack.vault.url}/sdk/oauth/connect`;
  for (const address of [
    url,
    `${url}#session=alter_cs_wrong`,
    `${url}?handle=0198c0de-0000-7000-8000-000000000000`,
  ]) {
    await page.goto('about:blank');
    await page.goto(address);
    await expect(heading(page, 'This link does not work here')).toBeVisible();
  }
});

test('C6: a vault that does not answer is a page with a way on', async ({ page }) => {
  const session = await stack.sdk.createConnectSession({ allowedProviders: ['acme'] });
  await page.route('**/page/open', (route) => route.abort('connectionrefused'));
  await page.goto(session.connectUrl);
  await expect(heading(page, 'No connection')).toBeVisible();
  await page.unroute('**/page/open');
  await page.getByRole('button', { name: 'Try again' }).click();
  await expect(heading(page, /acme/i)).toBeVisible();
});

test('C6: the page wears the app’s name and colour, corrected where nobody could read it', async ({
  page,
}) => {
  const session = await stack.sdk.createConnectSession({ allowedProviders: ['acme'] });
  await page.goto(session.connectUrl);
  await expect(page.getByRole('banner')).toContainText('Sunny Mail');
  await expect(heading(page, 'Let Sunny Mail use your Acme account?')).toBeVisible();
  const button = page.getByRole('button', { name: 'Continue' });
  await expect(button).toHaveCSS('background-color', 'rgb(249, 160, 63)');
  // Dark text on the light fill, as white would not reach AA.
  await expect(button).toHaveCSS('color', 'rgb(11, 14, 20)');
});

test.describe('C2: a session that runs out', () => {
  let brief: Stack;
  test.beforeAll(async () => {
    brief = await startStack({ app: { connect_session_ttl_seconds: 5 }, isWithoutIdp: true });
  });
  test.afterAll(() => brief?.close());

  test('is an error to the application, and its page leads nowhere', async ({ page }) => {
    await openApplication(page, brief);
    const token = await prepareSession(page);
    await openPopup(page);
    expect(await waitForOutcome(page, 'error')).toMatchObject({ code: 'session_expired' });
    expect((await readStatus(brief, token)).status).toBe('expired');
    await page.goto(`${brief.vault.url}/sdk/oauth/connect#session=${token}`);
    await expect(heading(page, 'This link has expired')).toBeVisible();
    await expect(page.getByRole('button', { name: /continue|acme/i })).toHaveCount(0);
  });

  test('refuses the callback of a sign-in that took too long', async ({ page }) => {
    const session = await brief.sdk.createConnectSession({ allowedProviders: ['acme'] });
    await page.goto(session.connectUrl);
    await page.getByRole('button', { name: 'Continue' }).click();
    await page.getByRole('button', { name: /as alice/i }).click();
    await expect.poll(async () => (await readStatus(brief, session.sessionToken)).status).toBe('expired');
    await page.getByRole('button', { name: 'Allow', exact: true }).click();
    await expect(page.getByRole('heading', { level: 1 })).toHaveText(/no longer works|run out|expired/);
    expect((await brief.sdk.listGrants()).grants).toEqual([]);
  });
});
