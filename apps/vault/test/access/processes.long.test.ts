import { createNonce } from '@alter-ai/core-crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { connectAccount } from '../connect/connect-driver.js';
import { type ConnectStack, startConnectStack } from '../connect/stack.js';
import { callToken, readJson } from './token-call.js';

describe.skipIf(!process.env.DATABASE_URL)('three vaults behind one address', () => {
  let stack: ConnectStack;
  let fleet: ConnectStack[];
  let offsetMs = 0;
  beforeEach(async () => {
    offsetMs = 0;
    stack = await startConnectStack('postgres', { clock: () => Date.now() + offsetMs });
    const siblings = [await stack.vault.openSibling(), await stack.vault.openSibling()];
    fleet = [stack, ...siblings.map((vault) => ({ ...stack, vault }))];
  });
  afterEach(() => stack?.close());

  it('R2: 1,000 signed calls on an expired token: one provider call, no error but retryable 409s', async () => {
    const { grant_id: grantId } = await connectAccount(stack.vault, { provider: 'acme' });
    stack.provider.updateSettings({ tokenDelayMs: 7_500 });
    stack.provider.clearLog();
    offsetMs += 3_700_000;
    const answers = await Promise.all(
      Array.from({ length: 1000 }, (_, index) =>
        callToken(fleet[index % 3] ?? stack, { grant_id: grantId }).then(async (answer) => ({
          status: answer.status,
          body: await readJson(answer),
        })),
      ),
    );
    const odd = answers.filter(
      ({ status, body }) =>
        status !== 200 && !(status === 409 && body.error === 'token_refresh_in_progress' && body.retryable),
    );
    expect(odd).toEqual([]);
    const released = answers.filter(({ status }) => status === 200);
    expect(released.length).toBeGreaterThan(0);
    expect(new Set(released.map(({ body }) => body.access_token)).size).toBe(1);
    const summary = stack.provider.summarizeLog();
    expect(summary).toMatchObject({ refreshPresented: 1, refreshAccepted: 1, refreshReplayed: [] });
  }, 60_000);

  it('F7: a grant revoked at one vault is refused by the others from the next call on', async () => {
    const { grant_id: grantId } = await connectAccount(stack.vault, { provider: 'acme' });
    for (const one of fleet) expect((await callToken(one, { grant_id: grantId })).status).toBe(200);
    await stack.vault.signedFetch('POST', `/sdk/oauth/grants/${grantId}/revoke`, {});
    for (const one of fleet) {
      expect(await readJson(await callToken(one, { grant_id: grantId }))).toMatchObject({
        error: 'grant_revoked',
      });
    }
  });

  it('T1: a nonce is used once over all vaults, and nothing is released for its second use', async () => {
    const { grant_id: grantId } = await connectAccount(stack.vault, { provider: 'acme' });
    const options = { nonce: createNonce() };
    const answers = await Promise.all(fleet.map((one) => callToken(one, { grant_id: grantId }, options)));
    const bodies = await Promise.all(answers.map(readJson));
    expect(bodies.filter((body) => body.access_token !== undefined)).toHaveLength(1);
    expect(bodies.filter((body) => body.error === 'nonce_reused')).toHaveLength(2);
  });
});
