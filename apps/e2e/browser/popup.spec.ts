import { expect, type Page, test } from '@playwright/test';
import { type Stack, startStack } from '../harness/stack.js';

let stack: Stack;
test.beforeAll(async () => {
  stack = await startStack();
});
test.afterAll(async () => {
  await stack?.close();
});

/** What the application page has been told so far. */
async function readOutcomes(page: Page): Promise<{ kind: string; value: unknown }[]> {
  const text = (await page.locator('#outcome').textContent()) ?? '';
  return text
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as { kind: string; value: unknown });
}

test('C1 C4: popup on another site connects, is called, recorded, taken back and refused', async ({
  page,
}) => {
  await page.goto(`${stack.application.origin}/?providers=acme`);
  await expect(page.locator('body')).toHaveAttribute('data-ready', 'true');
  await page.evaluate('window.prepare()');
  const popupOpens = page.waitForEvent('popup');
  await page.getByRole('button', { name: 'Connect' }).click();
  const popup = await popupOpens;
  await popup.getByRole('button', { name: /acme/i }).click();
  await popup.getByRole('button', { name: /^(allow|continue|connect)/i }).click();
  await popup.getByRole('button', { name: /alice/i }).click();
  await popup.getByRole('button', { name: /allow/i }).click();
  await expect.poll(async () => (await readOutcomes(page)).some(({ kind }) => kind === 'success')).toBe(true);
  const success = (await readOutcomes(page)).find(({ kind }) => kind === 'success');
  const [grant] = (success?.value ?? []) as { grant_id: string }[];
  const grantId = grant?.grant_id ?? '';
  expect(grantId).toMatch(/^[0-9a-f-]{36}$/);

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
