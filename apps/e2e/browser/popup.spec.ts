import { expect, test } from '@playwright/test';
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

test('C1 C4: popup on another site connects, is called, recorded, taken back and refused', async ({
  page,
}) => {
  await openApplication(page, stack);
  await prepareSession(page);
  const popup = await openPopup(page);
  await popup.getByRole('button', { name: /acme/i }).click();
  await popup.getByRole('button', { name: /^(allow|continue|connect)/i }).click();
  await signIn(popup);
  const [grant] = await waitForGrants(page);
  const grantId = grant?.grant_id ?? '';
  expect(grantId).toMatch(/^[0-9a-f-]{36}$/);
  await expect.poll(() => popup.isClosed()).toBe(true);

  const response = await stack.sdk.request('GET', `${stack.apiUrl}/messages`, {
    grantId,
    reason: 'reads the list',
  });
  expect(response.status).toBe(200);
  const tail = stack.vault.alter('audit', 'tail', '--json');
  expect(tail.stdout).toContain('reads the list');
  await stack.sdk.revokeGrant(grantId);
  await expect(stack.sdk.request('GET', `${stack.apiUrl}/messages`, { grantId })).rejects.toMatchObject({
    code: 'grant_revoked',
  });
});

for (const mode of ['promise', 'function', 'url']) {
  test(`C1: the window opens in the click and gets its address when the session is there (${mode})`, async ({
    page,
  }) => {
    await openApplication(page, stack, `providers=acme&mode=${mode}`);
    const popup = await openPopup(page);
    await connectAccount(popup);
    const [grant] = await waitForGrants(page);
    expect(grant).toMatchObject({ provider: 'acme', account_identifier: 'alice@example.test' });
    const kinds = (await readOutcomes(page)).map(({ kind }) => kind);
    expect(kinds).toEqual(['success', 'event:success']);
  });
}

test('C6: the user denies; application and vault hear the same', async ({ page }) => {
  await openApplication(page, stack);
  const token = await prepareSession(page);
  const popup = await openPopup(page);
  await popup.getByRole('button', { name: 'Continue' }).click();
  await signIn(popup, 'alice', 'Deny');
  expect(await waitForOutcome(page, 'error')).toMatchObject({ code: 'connect_denied' });
  expect(await readStatus(stack, token)).toMatchObject({
    status: 'error',
    error: { code: 'connect_denied' },
  });
  await expect(stack.sdk.pollConnectSession(token)).rejects.toMatchObject({ code: 'connect_denied' });
});

for (const place of ['connect page', 'provider']) {
  test(`C1: a window closed at the ${place} is an exit, and the session goes on`, async ({ page }) => {
    await openApplication(page, stack);
    const token = await prepareSession(page);
    const popup = await openPopup(page);
    await expect(popup.getByRole('heading', { level: 1 })).toContainText('Acme');
    if (place === 'provider') {
      await popup.getByRole('button', { name: 'Continue' }).click();
      await popup.getByRole('button', { name: /as alice/i }).waitFor();
    }
    await popup.close();
    await page.bringToFront();
    await waitForOutcome(page, 'exit', 5000);
    expect((await readOutcomes(page)).map(({ kind }) => kind)).toEqual(['exit']);
    expect((await readStatus(stack, token)).status).toBe('pending');
  });
}

test('C1: a blocked window leaves a link that opens it', async ({ page }) => {
  await page.addInitScript(() => {
    const open = window.open.bind(window);
    let count = 0;
    window.open = (...args) => (count++ === 0 ? null : open(...args));
  });
  await openApplication(page, stack);
  await prepareSession(page);
  await page.getByRole('button', { name: 'Connect', exact: true }).click();
  expect(await waitForOutcome(page, 'error')).toMatchObject({ code: 'popup_blocked' });
  const dialog = page.getByRole('dialog', { name: 'Continue connecting' });
  await expect(dialog.getByRole('link', { name: 'Continue' })).toBeFocused();
  const opens = page.waitForEvent('popup');
  await page.keyboard.press('Enter');
  await connectAccount(await opens);
  expect(await waitForGrants(page)).toMatchObject([{ provider: 'acme' }]);
  await expect(dialog).toHaveCount(0);
});

test('C1: where no window opens at all, the same tab goes there and comes back with the grant', async ({
  page,
}) => {
  await page.addInitScript(() => {
    window.open = () => null;
  });
  await openApplication(page, stack, 'providers=acme&return=1');
  await prepareSession(page);
  await page.getByRole('button', { name: 'Connect', exact: true }).click();
  await page.getByRole('link', { name: 'Use this tab' }).click();
  await connectAccount(page);
  expect(await waitForGrants(page, 'event:success')).toMatchObject([
    { account_identifier: 'alice@example.test' },
  ]);
});

test('C1: a window that nobody listens to says that all is done and closes by itself', async ({ page }) => {
  const session = await stack.sdk.createConnectSession({
    allowedProviders: ['acme'],
    allowedOrigin: stack.application.origin,
  });
  await page.goto(`${stack.application.origin}/library/ours.js`);
  const opens = page.waitForEvent('popup');
  await page.evaluate((url) => void window.open(url, 'other', 'width=500,height=700'), session.connectUrl);
  const popup = await opens;
  await connectAccount(popup);
  const closes = popup.waitForEvent('close');
  await expect(popup.getByRole('heading', { name: 'Your account is connected' })).toBeVisible();
  await closes;
});
