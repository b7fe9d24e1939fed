import { App } from '@alter-ai/alter-sdk';
import { mintApiKey } from '@alter-ai/core-crypto';
import { SHAPED_PROVIDER_IDS } from '@alter-ai/emulator';
import type { Page } from '@playwright/test';
import { connectAccount, leaveForProvider, signIn } from '../../harness/browser/connect-flow.js';
import { describeAcme, type Stack, type StackOptions } from '../../harness/stack.js';

/** One state that the connect page can be in, and the real way there. */
export interface PageState {
  readonly name: string;
  reach(page: Page, stack: Stack): Promise<void>;
}

const briefKey = mintApiKey('app');
const daySeconds = 86_400;

/** A vault in which every state can be reached. */
export const statesStackOptions: StackOptions = {
  shapes: SHAPED_PROVIDER_IDS,
  acme: { scopes: ['openid', 'email', 'offline_access', 'messages.read', 'messages.write'] },
  copies: [
    { id: 'umbra', name: 'Umbra Industries' },
    {
      id: 'regional',
      name: 'Regional',
      url_params: [
        { name: 'workspace', label: 'Workspace', example: 'my-team' },
        { name: 'region', label: 'Region', options: ['eu', 'us'], default: 'eu' },
      ],
    },
    { id: 'broken', name: 'Broken', client_secret: 'not-the-secret' },
  ],
  app: {
    managed_secrets: [
      {
        slug: 'metrics',
        name: 'Metrics',
        kind: 'api_key',
        header: 'X-Key',
        hosts: ['api.metrics.example', '*.eu.metrics.example'],
      },
      { slug: 'mail', name: 'Mail gateway', kind: 'basic', hosts: ['smtp.mail.example'] },
    ],
  },
  otherApps: (issuer) => [
    {
      slug: 'brief',
      name: 'Brief',
      website_url: 'http://127.0.0.1:4600',
      connect_session_ttl_seconds: 1,
      api_keys: [{ name: 'backend', value: briefKey }],
      providers: [describeAcme(issuer)],
    },
  ],
};

type SessionOptions = Parameters<Stack['sdk']['createConnectSession']>[0];

/** Opens the page of a new session; the tab may have been at the same address before. */
async function openPage(page: Page, stack: Stack, options: SessionOptions): Promise<void> {
  const session = await stack.sdk.createConnectSession(options);
  await page.goto('about:blank');
  await page.goto(session.connectUrl);
}

/** The same for a session in which a user enters a key. */
async function openKeyPage(page: Page, stack: Stack, provider: string, user: string): Promise<void> {
  const userToken = await stack.userToken(user);
  const session = await stack.sdk.createManagedSecretConnectSession({ provider, userToken });
  await page.goto('about:blank');
  await page.goto(session.connectUrl);
}

const waitForTitle = (page: Page, name: string | RegExp) =>
  page.getByRole('heading', { level: 1, name }).waitFor();

/** Every state of the page, in the order in which people meet them. */
export const pageStates: readonly PageState[] = [
  {
    name: 'loading',
    async reach(page, stack) {
      await page.route('**/page/open', () => new Promise(() => {}));
      await openPage(page, stack, { allowedProviders: ['acme'] });
      await page.getByRole('status').waitFor();
    },
  },
  {
    name: 'picker',
    async reach(page, stack) {
      await openPage(page, stack, { allowedProviders: ['acme', 'umbra', 'github'] });
      await waitForTitle(page, 'Connect your accounts');
    },
  },
  {
    name: 'picker-search',
    async reach(page, stack) {
      await openPage(page, stack, { allowedProviders: [...SHAPED_PROVIDER_IDS] });
      await page.getByRole('searchbox', { name: 'Search' }).fill('s');
    },
  },
  {
    name: 'picker-search-empty',
    async reach(page, stack) {
      await openPage(page, stack, { allowedProviders: [...SHAPED_PROVIDER_IDS] });
      await page.getByRole('searchbox', { name: 'Search' }).fill('nobody has this one');
    },
  },
  {
    name: 'picker-connected',
    async reach(page, stack) {
      await openPage(page, stack, { allowedProviders: ['acme', 'umbra', 'github'] });
      await connectAccount(page, { provider: 'Acme' });
      await leaveForProvider(page, 'Umbra');
      await signIn(page, 'alice', 'Deny');
      await page.getByRole('button', { name: /^Umbra Industries Declined/ }).waitFor();
    },
  },
  {
    name: 'consent',
    async reach(page, stack) {
      await openPage(page, stack, { allowedProviders: ['acme'], userToken: await stack.userToken('bob') });
      await waitForTitle(page, /acme/i);
    },
  },
  {
    name: 'consent-lifetime',
    async reach(page, stack) {
      const grantPolicy = { maxTtlSeconds: 90 * daySeconds, defaultTtlSeconds: 7 * daySeconds };
      await openPage(page, stack, { allowedProviders: ['google'], grantPolicy });
      await page.getByRole('combobox', { name: 'Access lasts' }).waitFor();
    },
  },
  {
    name: 'consent-parameters',
    async reach(page, stack) {
      await openPage(page, stack, { allowedProviders: ['regional'] });
      await page.getByRole('textbox', { name: 'Workspace' }).fill('not/allowed');
      await page.getByRole('button', { name: 'Continue' }).click();
      await page.getByText('It looks like “my-team”').waitFor();
    },
  },
  {
    name: 'consent-connected',
    async reach(page, stack) {
      const options = { allowedProviders: ['github'], userToken: await stack.userToken('alice') };
      await openPage(page, stack, options);
      await connectAccount(page);
      await waitForTitle(page, 'Your account is connected');
      await openPage(page, stack, options);
      await page.getByRole('heading', { name: 'Already connected' }).waitFor();
    },
  },
  {
    name: 'key-entry',
    async reach(page, stack) {
      await openKeyPage(page, stack, 'metrics', 'carol');
      await waitForTitle(page, 'Enter your Metrics key');
    },
  },
  {
    name: 'key-entry-errors',
    async reach(page, stack) {
      await openKeyPage(page, stack, 'mail', 'carol');
      await page.getByRole('button', { name: 'Store credentials' }).click();
      await page
        .getByText(/^Enter the /)
        .first()
        .waitFor();
    },
  },
  {
    name: 'key-stored',
    async reach(page, stack) {
      await openKeyPage(page, stack, 'metrics', 'dora');
      await page.getByLabel('API key').fill('a-key-of-dora');
      await page.getByRole('button', { name: 'Store key' }).click();
      await waitForTitle(page, 'Your key is stored');
    },
  },
  {
    name: 'key-existing',
    async reach(page, stack) {
      await openKeyPage(page, stack, 'metrics', 'emil');
      await page.getByLabel('API key').fill('a-key-of-emil');
      await page.getByRole('button', { name: 'Store key' }).click();
      await waitForTitle(page, 'Your key is stored');
      await openKeyPage(page, stack, 'metrics', 'emil');
      await page.getByRole('button', { name: 'Continue with this key' }).waitFor();
    },
  },
  {
    name: 'leaving',
    async reach(page, stack) {
      await page.route('**/page/authorize', () => new Promise(() => {}));
      await openPage(page, stack, { allowedProviders: ['acme'] });
      await page.getByRole('button', { name: 'Continue' }).click();
      await page.getByText('Opening Acme').waitFor();
    },
  },
  {
    name: 'mismatch',
    async reach(page, stack) {
      await openPage(page, stack, { allowedProviders: ['umbra'] });
      await connectAccount(page);
      await waitForTitle(page, 'Your account is connected');
      const { grants } = await stack.sdk.listGrants();
      const grantId = grants.find(({ providerId }) => providerId === 'umbra')?.grantId;
      await openPage(page, stack, { allowedProviders: ['umbra'], repairGrantId: grantId });
      await signIn(page, 'bob');
      await waitForTitle(page, 'That is a different account');
    },
  },
  {
    name: 'done',
    async reach(page, stack) {
      await openPage(page, stack, { allowedProviders: ['acme'] });
      await connectAccount(page);
      await waitForTitle(page, 'Your account is connected');
    },
  },
  {
    name: 'done-several',
    async reach(page, stack) {
      await openPage(page, stack, { allowedProviders: ['acme', 'umbra'] });
      await connectAccount(page, { provider: 'Acme' });
      await connectAccount(page, { provider: 'Umbra' });
      await page.getByRole('button', { name: 'Done' }).click();
      await waitForTitle(page, 'Your accounts are connected');
    },
  },
  {
    name: 'denied',
    async reach(page, stack) {
      await openPage(page, stack, { allowedProviders: ['acme'] });
      await leaveForProvider(page);
      await signIn(page, 'alice', 'Deny');
      await waitForTitle(page, 'Nothing was connected');
    },
  },
  {
    name: 'configuration-error',
    async reach(page, stack) {
      await openPage(page, stack, { allowedProviders: ['broken'] });
      await connectAccount(page);
      await waitForTitle(page, /is not set up for this yet/);
    },
  },
  {
    name: 'expired',
    async reach(page, stack) {
      const sdk = new App({ apiKey: briefKey, baseUrl: stack.vault.url });
      const session = await sdk.createConnectSession({ allowedProviders: ['acme'] });
      await sdk.pollConnectSession(session.sessionToken, { pollIntervalMs: 200 }).catch(() => {});
      await sdk.close();
      await page.goto('about:blank');
      await page.goto(session.connectUrl);
      await waitForTitle(page, 'This link has expired');
    },
  },
  {
    name: 'wrong-link',
    async reach(page, stack) {
      await page.goto(`${stack.vault.url}/sdk/oauth/connect`);
      await waitForTitle(page, 'This link does not work here');
    },
  },
  {
    name: 'offline',
    async reach(page, stack) {
      await page.route('**/page/open', (route) => route.abort('internetdisconnected'));
      await openPage(page, stack, { allowedProviders: ['acme'] });
      await waitForTitle(page, 'No connection');
    },
  },
  {
    name: 'refused-callback',
    async reach(page, stack) {
      await page.goto(`${stack.vault.url}/oauth/callback?code=x&state=forged`);
      await waitForTitle(page, 'This link no longer works');
    },
  },
];
