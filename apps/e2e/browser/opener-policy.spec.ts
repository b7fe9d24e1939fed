import { expect, test } from '@playwright/test';
import {
  leaveForProvider,
  openApplication,
  openPopup,
  prepareSession,
  readOutcomes,
  waitForGrants,
} from '../harness/browser/connect-flow.js';
import { type Stack, startStack } from '../harness/stack.js';

let stack: Stack;
test.beforeAll(async () => {
  stack = await startStack();
});
test.afterAll(() => stack?.close());

const policies = ['same-origin', 'same-origin-allow-popups', 'unsafe-none', undefined] as const;

for (const coop of policies) {
  test(`C1: the application learns of the success within 3 s, Cross-Origin-Opener-Policy: ${coop ?? 'none'} at the provider`, async ({
    page,
  }) => {
    stack.provider.updateSettings({ coop });
    await openApplication(page, stack);
    await prepareSession(page);
    const popup = await openPopup(page);
    await leaveForProvider(popup);
    const login = popup.getByRole('button', { name: /as alice/i });
    await login.waitFor();
    // What the policy is about: whether the provider's page has cut the window off from the application.
    const isCut = coop === 'same-origin' || coop === 'same-origin-allow-popups';
    expect(await popup.evaluate(() => window.opener === null)).toBe(isCut);
    await login.click();
    const allow = popup.getByRole('button', { name: 'Allow', exact: true });
    await allow.waitFor();
    const startedMs = Date.now();
    await allow.click();
    const grants = await waitForGrants(page);
    expect(Date.now() - startedMs).toBeLessThan(3000);
    expect(grants).toMatchObject([{ provider: 'acme', account_identifier: 'alice@example.test' }]);
    expect((await readOutcomes(page)).map(({ kind }) => kind)).toEqual(['success', 'event:success']);
    // A window that lost its opener cannot be closed from there: it closes itself.
    if (!popup.isClosed()) await popup.waitForEvent('close');
  });
}
