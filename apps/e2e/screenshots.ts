import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Page, test } from '@playwright/test';
import { pageStates, statesStackOptions } from './browser/states/page-states.js';
import { connectAccount } from './harness/browser/connect-flow.js';
import { type Stack, startStack } from './harness/stack.js';

const root = join(import.meta.dirname, '..', '..');
const images = join(root, 'docs', 'images');
/** Given: every state in every look goes there, to be looked at. */
const allStatesDir = process.env.ALL_STATES_DIR;

/** The size in which the popup opens. */
const popup = { width: 500, height: 700 };
const wide = { width: 1280, height: 1000 };
const phone = { width: 375, height: 700 };
interface Look {
  readonly name: string;
  readonly colorScheme: 'light' | 'dark';
  readonly width: number;
  readonly height: number;
  readonly isFullPage?: boolean;
}
const allLooks: readonly Look[] = [
  { name: 'light', colorScheme: 'light', width: 1280, height: 800 },
  { name: 'dark', colorScheme: 'dark', width: 1280, height: 800 },
  { name: 'mobile', colorScheme: 'light', ...phone },
  { name: 'mobile-dark', colorScheme: 'dark', ...phone },
];

/** What the documentation shows of the connect page, by state. */
const shown: Readonly<Record<string, readonly Look[]>> = {
  consent: [
    { name: 'connect-light', colorScheme: 'light', ...popup },
    { name: 'connect-dark', colorScheme: 'dark', ...popup },
    { name: 'connect-375', colorScheme: 'light', ...phone },
  ],
};

test.use({ contextOptions: { reducedMotion: 'reduce' } });

async function shoot(page: Page, look: Look, folder: string, name: string): Promise<void> {
  await page.emulateMedia({ colorScheme: look.colorScheme });
  await page.setViewportSize({ width: look.width, height: look.height });
  await page.evaluate(() => document.fonts.ready);
  await page.screenshot({
    path: join(folder, `${name}.png`),
    animations: 'disabled',
    caret: 'hide',
    fullPage: look.isFullPage === true,
  });
}

test.beforeAll(() => void mkdirSync(images, { recursive: true }));

test.describe('connect page', () => {
  let stack: Stack;
  test.beforeAll(async () => {
    stack = await startStack(statesStackOptions);
  });
  test.afterAll(() => stack?.close());

  for (const state of pageStates) {
    const looks = shown[state.name] ?? [];
    if (looks.length === 0 && !allStatesDir) continue;
    test(state.name, async ({ page }) => {
      await state.reach(page, stack);
      for (const look of looks) await shoot(page, look, images, look.name);
      if (!allStatesDir) return;
      for (const look of allLooks) await shoot(page, look, allStatesDir, `${state.name}-${look.name}`);
    });
  }
});

test.describe('demo', () => {
  let child: ChildProcess;
  let url = '';
  test.beforeAll(async () => {
    child = spawn(process.execPath, [join(root, 'tools', 'start.mjs')], {
      env: { ...process.env, ALTER_VAULT_DATA_DIR: mkdtempSync(join(tmpdir(), 'alter-demo-')) },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    for await (const chunk of child.stdout ?? []) {
      url = /Demo\s+(http:\S+)/.exec(String(chunk))?.[1] ?? '';
      if (url) break;
    }
  });
  test.afterAll(async () => {
    child.kill('SIGTERM');
    await new Promise((resolve) => child.once('exit', resolve));
  });

  test('an account is connected and used', async ({ page }) => {
    await page.goto(url);
    await page.getByRole('link', { name: /sign in/i }).click();
    await page.getByRole('button', { name: /alice/i }).click();
    const opens = page.waitForEvent('popup');
    await page.getByRole('button', { name: 'Connect Acme' }).click();
    await connectAccount(await opens);
    await page.getByRole('button', { name: 'Take back access' }).waitFor();
    await page.getByRole('button', { name: 'Send a message through the vault' }).click();
    await page.getByText('Token lent for one call').first().waitFor();
    await page.getByText('The provider answered 201').first().waitFor();
    await shoot(page, { name: '', colorScheme: 'light', ...wide }, images, 'demo-light');
    await shoot(page, { name: '', colorScheme: 'dark', ...wide }, images, 'demo-dark');
    await shoot(page, { name: '', colorScheme: 'light', ...phone, isFullPage: true }, images, 'demo-375');
  });
});
