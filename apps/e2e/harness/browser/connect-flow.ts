import { expect, type Page } from '@playwright/test';
import type { Stack } from '../stack.js';

/** One thing the application page was told. */
export interface Outcome {
  readonly kind: string;
  readonly value: unknown;
}

/** A grant as the browser library hands it over. */
export interface HandedGrant {
  readonly grant_id: string;
  readonly provider: string;
  readonly account_identifier: string;
  readonly operation: 'creation' | 'reauth';
}

/** Loads the application page; `query` says which session it asks for and how (application.ts). */
export async function openApplication(page: Page, stack: Stack, query = 'providers=acme'): Promise<void> {
  await page.goto(`${stack.application.origin}/?${query}`);
  await expect(page.locator('body')).toHaveAttribute('data-ready', 'true');
}

/** Makes the session before the click, as most applications do; answers its token. */
export async function prepareSession(page: Page): Promise<string> {
  await page.evaluate('window.prepare()');
  return page.evaluate('window.prepared.session_token');
}

/** Presses the application's button and gives the window that opens. */
export async function openPopup(page: Page): Promise<Page> {
  const opens = page.waitForEvent('popup');
  await page.getByRole('button', { name: 'Connect', exact: true }).click();
  return opens;
}

/** What the application page has been told so far. */
export async function readOutcomes(page: Page): Promise<Outcome[]> {
  const text = (await page.locator('#outcome').textContent()) ?? '';
  return text
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Outcome);
}

/** Waits until the application has been told `kind`, and gives its value. */
export async function waitForOutcome(page: Page, kind: string, timeoutMs = 10_000): Promise<unknown> {
  await expect(page.locator('#outcome')).toContainText(`"kind":"${kind}"`, { timeout: timeoutMs });
  return (await readOutcomes(page)).find((outcome) => outcome.kind === kind)?.value;
}

/** The grants that the application was handed. */
export async function waitForGrants(
  page: Page,
  kind = 'success',
  timeoutMs = 10_000,
): Promise<HandedGrant[]> {
  return (await waitForOutcome(page, kind, timeoutMs)) as HandedGrant[];
}

/** Goes from the connect page to the provider's: with several providers by way of the picker. */
export async function leaveForProvider(page: Page, provider?: string): Promise<void> {
  if (provider) await page.getByRole('button', { name: new RegExp(`^${provider}`, 'i') }).click();
  await page.getByRole('button', { name: /^(Continue|Connect another account)$/ }).click();
}

/** Signs in at the emulated provider, and allows or denies. */
export async function signIn(
  page: Page,
  user = 'alice',
  decision: 'Allow' | 'Deny' = 'Allow',
): Promise<void> {
  await page.getByRole('button', { name: new RegExp(`as ${user}`, 'i') }).click();
  await page.getByRole('button', { name: decision, exact: true }).click();
}

/** From the connect page to the end at the provider. */
export async function connectAccount(
  page: Page,
  { user = 'alice', provider }: { user?: string; provider?: string } = {},
): Promise<void> {
  await leaveForProvider(page, provider);
  await signIn(page, user);
}

/** What the vault says of a session. */
export async function readStatus(
  stack: Stack,
  sessionToken: string,
): Promise<{ status: string; error?: { code: string } }> {
  const response = await fetch(`${stack.vault.url}/sdk/oauth/connect/status`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ session_token: sessionToken }),
  });
  return (await response.json()) as { status: string; error?: { code: string } };
}

/** How often the provider's token endpoint was asked so far. */
export function countExchanges(stack: Stack): number {
  return stack.provider.log().filter(({ event, endpoint }) => event === 'presented' && endpoint === 'token')
    .length;
}
