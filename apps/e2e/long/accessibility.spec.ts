import { AxeBuilder } from '@axe-core/playwright';
import { expect, type Page, test } from '@playwright/test';
import { pageStates, statesStackOptions } from '../browser/states/page-states.js';
import { openApplication, prepareSession, waitForGrants } from '../harness/browser/connect-flow.js';
import { type Stack, startStack } from '../harness/stack.js';

let stack: Stack;
test.beforeAll(async () => {
  stack = await startStack(statesStackOptions);
});
test.afterAll(() => stack?.close());
test.use({ contextOptions: { reducedMotion: 'reduce' } });

/** Rules whose answer depends on colours and sizes; the others see the same document in every look. */
const visualRules = ['color-contrast', 'link-in-text-block', 'target-size', 'scrollable-region-focusable'];

/** What axe finds on the page as it is, one line a finding. */
async function findBarriers(page: Page, isVisualOnly: boolean): Promise<string[]> {
  const { violations } = await new AxeBuilder({ page })
    // One document without frames: no second page is needed to gather the findings.
    .setLegacyMode()
    .options({
      rules: { 'target-size': { enabled: true } },
      resultTypes: ['violations'],
      ...(isVisualOnly && { runOnly: { type: 'rule', values: visualRules } }),
    })
    .analyze();
  return violations.flatMap(({ id, nodes }) => nodes.map(({ target }) => `${id}: ${target.join(' ')}`));
}

const looks = [
  { colorScheme: 'light', width: 375, height: 812 },
  { colorScheme: 'dark', width: 375, height: 812 },
  { colorScheme: 'dark', width: 1280, height: 800 },
  { colorScheme: 'light', width: 1280, height: 800 },
] as const;

for (const state of pageStates) {
  test(`T4 C6: the connect page is without barriers and fits 320 px: ${state.name}`, async ({ page }) => {
    const problems: string[] = [];
    page.on('pageerror', (error) => problems.push(error.message));
    page.on('console', (message) => {
      // The browser itself reports requests that the test or the vault refused.
      if (message.type() === 'error' && !/Failed to load resource/.test(message.text()))
        problems.push(message.text());
    });
    await state.reach(page, stack);
    for (const [index, { colorScheme, ...viewport }] of looks.entries()) {
      await page.emulateMedia({ colorScheme });
      await page.setViewportSize(viewport);
      expect(await findBarriers(page, index % 2 === 1), `${colorScheme}, ${viewport.width} px`).toEqual([]);
    }
    await page.setViewportSize({ width: 320, height: 600 });
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(320);
    await expect(page).toHaveTitle(/\S/);
    expect(problems).toEqual([]);
  });
}

/** Moves the focus on until it is on the control, and checks that it can be seen there. */
async function tabTo(page: Page, name: RegExp): Promise<void> {
  for (let count = 0; count < 25; count += 1) {
    await page.keyboard.press('Tab');
    const focused = page.locator(':focus-visible');
    if ((await focused.count()) === 0 || !name.test((await focused.textContent()) ?? '')) continue;
    await expect(focused).not.toHaveCSS('outline-style', 'none');
    return;
  }
  throw new Error(`no way to ${name} by keyboard`);
}

test('T4: the whole way by keyboard alone, from the application to the grant', async ({ page }) => {
  await openApplication(page, stack, 'providers=acme,umbra');
  await prepareSession(page);
  const opens = page.waitForEvent('popup');
  await tabTo(page, /^Connect$/);
  await page.keyboard.press('Enter');
  const popup = await opens;
  const title = (name: string | RegExp) => popup.getByRole('heading', { level: 1, name });
  await expect(title('Connect your accounts')).toBeFocused();
  await tabTo(popup, /^AAcme|^Acme/);
  await popup.keyboard.press('Enter');
  await expect(title(/use your Acme account/)).toBeFocused();
  await tabTo(popup, /^Continue$/);
  await popup.keyboard.press('Enter');
  await popup.getByRole('button', { name: /as alice/i }).waitFor();
  await tabTo(popup, /as alice/);
  await popup.keyboard.press('Enter');
  await popup.getByRole('button', { name: 'Allow', exact: true }).waitFor();
  await tabTo(popup, /^Allow$/);
  await popup.keyboard.press('Enter');
  await title('Connect your accounts').waitFor();
  await tabTo(popup, /^Done$/);
  await popup.keyboard.press('Space');
  expect(await waitForGrants(page)).toMatchObject([{ provider: 'acme' }]);
});

test('T4: the prompt for a blocked window is without barriers and leaves by Escape', async ({ page }) => {
  await page.addInitScript(() => {
    window.open = () => null;
  });
  await openApplication(page, stack);
  await prepareSession(page);
  const button = page.getByRole('button', { name: 'Connect', exact: true });
  await button.click();
  const prompt = page.getByRole('dialog', { name: 'Continue connecting' });
  await expect(prompt.getByRole('link', { name: 'Continue' })).toBeFocused();
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme });
    const { violations } = await new AxeBuilder({ page })
      .setLegacyMode()
      .include('[role="dialog"]')
      .analyze();
    expect(violations.map(({ id }) => id)).toEqual([]);
  }
  await page.keyboard.press('Escape');
  await expect(prompt).toHaveCount(0);
  await expect(button).toBeFocused();
});
