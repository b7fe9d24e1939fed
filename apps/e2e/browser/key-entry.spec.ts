import { expect, test } from '@playwright/test';
import {
  openApplication,
  openPopup,
  prepareSession,
  waitForGrants,
} from '../harness/browser/connect-flow.js';
import { enteredKey, type KeyWorld, startKeyWorld } from '../harness/key-world.js';
import { type Stack, startStack } from '../harness/stack.js';

let keys: KeyWorld;
let stack: Stack;
test.beforeAll(async () => {
  keys = await startKeyWorld();
  stack = await startStack({
    app: { managed_secrets: keys.entries },
    env: keys.env,
    createSession: (running) => async (query) => {
      const session = await running.sdk.createManagedSecretConnectSession({
        provider: 'own',
        userToken: await running.userToken(query.get('user') ?? ''),
        allowedOrigin: running.application.origin,
      });
      return {
        session_token: session.sessionToken,
        connect_url: session.connectUrl,
        base_url: running.vault.url,
      };
    },
  });
});
test.afterAll(async () => {
  await stack?.close();
  await keys?.service.close();
});

test('S11: a key is entered in the popup, the application gets the grant and never the key', async ({
  page,
}) => {
  await openApplication(page, stack, 'user=gina');
  await prepareSession(page);
  const popup = await openPopup(page);
  const sent: string[] = [];
  popup.on('request', (request) => sent.push(`${request.url()} ${request.postData() ?? ''}`));
  await expect(popup.getByRole('heading', { level: 1 })).toBeFocused();
  await popup.getByLabel('API key').fill(` ${enteredKey} `);
  await popup.keyboard.press('Enter');
  const [grant] = await waitForGrants(page);
  expect(grant).toMatchObject({ provider: 'own', operation: 'creation' });
  expect(sent.filter((line) => line.includes(enteredKey))).toHaveLength(1);
  const seen = [await page.content(), (await page.locator('#outcome').textContent()) ?? ''];
  expect(seen.join('\n')).not.toContain(enteredKey);
  const answer = await stack.sdk.request('GET', `${keys.service.url}/own`, {
    grantId: grant?.grant_id ?? '',
  });
  expect((await answer.json()).found).toEqual(['entered in header x-own-key']);
});
