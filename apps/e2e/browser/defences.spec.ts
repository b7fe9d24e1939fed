import { driveAuthorization } from '@alter-ai/emulator';
import { expect, type Page, test } from '@playwright/test';
import { startApplication } from '../harness/browser/application.js';
import {
  connectAccount,
  countExchanges,
  readOutcomes,
  readStatus,
  waitForOutcome,
} from '../harness/browser/connect-flow.js';
import { findFreePort } from '../harness/machine/ports.js';
import { type Stack, startStack } from '../harness/stack.js';

let stack: Stack;
test.beforeAll(async () => {
  stack = await startStack();
});
test.afterAll(() => stack?.close());

/** Starts an authorization on the page, and gives the address that the provider would send the browser back to. */
async function reachCallback(page: Page): Promise<{ token: string; callback: string }> {
  const session = await stack.sdk.createConnectSession({ allowedProviders: ['acme'] });
  await page.goto(session.connectUrl);
  const leaves = page.waitForRequest((request) =>
    request.url().startsWith(`${stack.provider.issuer}/authorize?`),
  );
  await page.getByRole('button', { name: 'Continue' }).click();
  const authorization = (await leaves).url();
  // The page's own way to the provider must be over before a test sends it elsewhere.
  await page.waitForURL((url) => url.origin === stack.provider.issuer);
  const callback = await driveAuthorization(authorization, {
    stopAt: `${stack.vault.url}/oauth/callback`,
  });
  return { token: session.sessionToken, callback: callback.href };
}

test('C3: a callback in another browser is refused, the provider is not called, the session goes on', async ({
  page,
  browser,
}) => {
  const { token, callback } = await reachCallback(page);
  const exchanges = countExchanges(stack);
  const other = await browser.newContext();
  const otherPage = await other.newPage();
  const response = await otherPage.goto(callback);
  expect(response?.status()).toBe(400);
  await expect(otherPage.getByRole('heading', { name: 'Started in another browser' })).toBeVisible();
  await other.close();
  expect(countExchanges(stack)).toBe(exchanges);
  expect((await readStatus(stack, token)).status).toBe('pending');

  await page.goto(callback);
  await expect(page.getByRole('heading', { name: 'Your account is connected' })).toBeVisible();
  expect((await readStatus(stack, token)).status).toBe('completed');

  // The same address once more, in the right browser: spent.
  const spent = countExchanges(stack);
  const replay = await page.goto(callback);
  expect(replay?.status()).toBe(400);
  await expect(page.getByRole('heading', { name: 'This link was used already' })).toBeVisible();
  expect(countExchanges(stack)).toBe(spent);
  expect((await readStatus(stack, token)).status).toBe('completed');
});

test('C3: forged, missing and doubled states are pages below 500 and no call to the provider', async ({
  page,
}) => {
  const { callback } = await reachCallback(page);
  const exchanges = countExchanges(stack);
  const state = new URL(callback).searchParams.get('state') ?? '';
  const base = `${stack.vault.url}/oauth/callback`;
  const queries = [
    '',
    '?code=x',
    '?code=x&state=forged',
    `?code=x&state=${state.slice(0, -2)}xx`,
    `?code=x&state=${state}&state=forged`,
  ];
  for (const query of queries) {
    const response = await page.goto(base + query);
    expect(response?.status(), query).toBe(400);
    await expect(page.getByRole('heading', { name: 'This link no longer works' })).toBeVisible();
  }
  expect(countExchanges(stack)).toBe(exchanges);
});

test('C3: another issuer in the callback than the one asked is refused before the exchange', async ({
  page,
}) => {
  const { token, callback } = await reachCallback(page);
  const exchanges = countExchanges(stack);
  const mixed = new URL(callback);
  mixed.searchParams.set('iss', 'https://attacker.example');
  await page.goto(mixed.href);
  await expect(page.getByRole('heading', { name: 'The connection was not completed' })).toBeVisible();
  expect(countExchanges(stack)).toBe(exchanges);
  await expect(stack.sdk.pollConnectSession(token)).rejects.toMatchObject({ code: 'provider_error' });
});

test('C4: a page of another origin that opens the window is told nothing and may ask nothing', async ({
  page,
}) => {
  const stranger = await startApplication(
    await findFreePort(),
    () => () => Promise.reject(new Error('none')),
  );
  try {
    // Without an allowed origin the targets are the app's registered ones; the stranger is none of them.
    const session = await stack.sdk.createConnectSession({ allowedProviders: ['acme'] });
    await page.goto(stranger.origin);
    await page.evaluate(() => {
      window.addEventListener('message', ({ data }) => Reflect.get(window, 'show')('message', data));
    });
    const opens = page.waitForEvent('popup');
    await page.evaluate((url) => void window.open(url, 'stolen', 'popup'), session.connectUrl);
    const popup = await opens;
    await connectAccount(popup);
    await expect(popup.getByRole('heading', { name: 'Your account is connected' })).toBeVisible();
    const closes = popup.waitForEvent('close');
    const answer = await page.evaluate(
      ([url, token]) =>
        fetch(`${url}/sdk/oauth/connect/status`, {
          method: 'POST',
          headers: { 'Content-Type': 'application/json' },
          body: JSON.stringify({ session_token: token }),
        }).then(
          (response) => response.text(),
          () => 'refused',
        ),
      [stack.vault.url, session.sessionToken] as const,
    );
    expect(answer).toBe('refused');
    await closes;
    await expect(page.locator('#outcome')).toHaveText('');
  } finally {
    await stranger.close();
  }
});

test('C4: the application’s own page gets exactly the published message, with neither token nor code', async ({
  page,
}) => {
  const session = await stack.sdk.createConnectSession({ allowedProviders: ['acme'] });
  // Without the library, whose question to the vault may be answered before the message.
  await page.goto(stack.application.origin);
  await page.evaluate(() => {
    window.addEventListener('message', ({ data, origin }) =>
      Reflect.get(window, 'show')(data.type, { data, origin }),
    );
  });
  const opens = page.waitForEvent('popup');
  await page.evaluate((url) => void window.open(url, 'plain', 'popup'), session.connectUrl);
  await connectAccount(await opens);
  expect(await waitForOutcome(page, 'alter_connect_success')).toMatchObject({
    origin: stack.vault.url,
    data: {
      type: 'alter_connect_success',
      grants: [
        {
          provider: 'acme',
          provider_name: 'Acme',
          account_identifier: 'alice@example.test',
          status: 'active',
        },
      ],
    },
  });
  const told = JSON.stringify(await readOutcomes(page));
  expect(told.match(/alter_connect_success/g)).toHaveLength(2);
  expect(told).not.toContain(session.sessionToken);
  expect(told).not.toMatch(/access_token|refresh_token|"code"/);
});

test('C2 T4: strict headers, no request but to the vault, and the token only where it belongs', async ({
  page,
}) => {
  const problems: string[] = [];
  const requests: { url: string; referer: string | undefined; body: string | null }[] = [];
  page.on('console', (message) => message.type() === 'error' && problems.push(message.text()));
  page.on('pageerror', (error) => problems.push(error.message));
  page.on('request', (request) =>
    requests.push({ url: request.url(), referer: request.headers().referer, body: request.postData() }),
  );
  const session = await stack.sdk.createConnectSession({ allowedProviders: ['acme'] });
  const response = await page.goto(session.connectUrl);
  const headers = (await response?.allHeaders()) ?? {};
  const policy = headers['content-security-policy'] ?? '';
  expect(policy).toContain("default-src 'none'");
  expect(policy).toContain("script-src 'self'");
  expect(policy).toContain("frame-ancestors 'none'");
  expect(policy).not.toMatch(/unsafe|\*|(?:script|style|connect)-src [^;]*(?:https?:|data:)/);
  expect(headers).toMatchObject({
    'cache-control': 'no-store',
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
  });
  const html = (await response?.text()) ?? '';
  expect(html).not.toMatch(/<style|style=|<script(?![^>]*\ssrc=)|\son\w+=/);

  await page.getByRole('button', { name: 'Continue' }).waitFor();
  expect(page.url()).not.toContain('session');
  expect(new Set(requests.map(({ url }) => new URL(url).origin))).toEqual(new Set([stack.vault.url]));
  const cookies = await page.context().cookies();
  expect(cookies).toMatchObject([{ domain: 'localhost', httpOnly: true, sameSite: 'Lax' }]);
  expect(await page.evaluate(() => JSON.stringify({ ...localStorage, ...sessionStorage }))).not.toContain(
    'alter_cs_',
  );

  await connectAccount(page);
  await page.getByRole('heading', { name: 'Your account is connected' }).waitFor();
  const secret = session.sessionToken.split('.')[0] ?? '';
  const carrying = requests.filter(({ url, referer }) =>
    `${url.split('#')[0]} ${referer ?? ''}`.includes(secret),
  );
  expect(carrying).toEqual([]);
  const bodies = requests
    .filter(({ body }) => body?.includes(secret))
    .map(({ url }) => new URL(url).pathname);
  expect(new Set(bodies)).toEqual(new Set(['/sdk/oauth/connect/page/open']));
  expect(stack.vault.output()).not.toContain(secret);
  expect(problems).toEqual([]);
});
