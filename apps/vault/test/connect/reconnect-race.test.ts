import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest';
import { storeRevocation } from '../../src/storage/live/revocation/store-revocation.js';
import { callToken, readJson } from '../access/token-call.js';
import { commitBehind } from '../grants/commit-behind.js';
import { describeBothDatabases } from '../harness.js';
import { connectAccount, goThroughProvider, openSession, poll } from './connect-driver.js';
import { type ConnectStack, startConnectStack } from './stack.js';

describeBothDatabases('an account that is connected again while its grant is revoked', (kind) => {
  let stack: ConnectStack;
  beforeAll(async () => {
    stack = await startConnectStack(kind);
  });
  afterEach(() => vi.restoreAllMocks());
  afterAll(() => stack?.close());

  const connect = async (subject: string) =>
    connectAccount(stack.vault, {
      provider: 'acme',
      session: { user_token: await stack.userToken(subject) },
    });
  const open = async (subject: string) =>
    openSession(stack.vault, { allowed_providers: ['acme'], user_token: await stack.userToken(subject) });
  const mint = async (grantId: string, label: string) => {
    const answer = await stack.vault.signedFetch('POST', `/sdk/grants/${grantId}/mint`, { label });
    return String((await readJson(answer)).grant_id);
  };
  const use = async (grantId: string) => {
    const answer = await callToken(stack, { grant_id: grantId });
    return { status: answer.status, error: (await readJson(answer)).error };
  };
  const revoke = (trx: Parameters<typeof storeRevocation>[1], grantId: string) => {
    const appId = stack.vault.appIds.demo ?? '';
    const by = { userId: undefined, revokedBy: 'cli', nowMs: Date.now(), dueInMs: 60_000 };
    return storeRevocation(stack.vault.deps.storage, trx, { appId, grantId, ...by });
  };
  const readOutcome = async (sessionToken: string) => {
    const { status, grants } = (await poll(stack.vault, sessionToken)) as {
      status: string;
      grants?: { grant_id: string; operation: string }[];
    };
    return { status, operation: grants?.[0]?.operation, grantId: grants?.[0]?.grant_id ?? '' };
  };

  it('F7: revoked right before the tokens are stored: they are sealed again, for a new grant', async () => {
    const { grant_id: grantId } = await connect('ann');
    const session = await open('ann');
    const { storage } = stack.vault.deps;
    const { transaction } = storage;
    vi.spyOn(storage, 'transaction').mockImplementation(async (work) => {
      vi.restoreAllMocks();
      await transaction((trx) => revoke(trx, grantId));
      return transaction(work);
    });
    await goThroughProvider(stack.vault, session, { provider: 'acme' });
    const outcome = await readOutcome(session.sessionToken);
    expect(outcome).toMatchObject({ status: 'completed', operation: 'creation' });
    expect(outcome.grantId).not.toBe(grantId);
    expect(await use(outcome.grantId)).toMatchObject({ status: 200 });
    expect(await use(grantId)).toMatchObject({ error: 'grant_revoked' });
  });

  it.each(['alone', 'beside a sibling'])(
    'F7: revoked, %s, while the tokens are stored: what the session reports is a live grant',
    async (company) => {
      const subject = company === 'alone' ? 'bea' : 'cleo';
      const { grant_id: grantId } = await connect(subject);
      const sibling = company === 'alone' ? undefined : await mint(grantId, 'sibling');
      const session = await open(subject);
      await commitBehind(
        stack.vault.deps.storage,
        (trx) => revoke(trx, grantId),
        () => goThroughProvider(stack.vault, session, { provider: 'acme' }),
      );
      const outcome = await readOutcome(session.sessionToken);
      expect(outcome).toMatchObject({ status: 'completed', operation: 'creation' });
      expect(outcome.grantId).not.toBe(grantId);
      expect(await use(outcome.grantId)).toMatchObject({ status: 200 });
      expect(await use(grantId)).toMatchObject({ error: 'grant_revoked' });
      if (sibling) expect(await use(sibling)).toMatchObject({ status: 200 });
    },
  );

  it('connected in two sessions at once, it is one grant with one credential', async () => {
    const sessions = [await open('dora'), await open('dora')];
    await Promise.all(
      sessions.map((session) => goThroughProvider(stack.vault, session, { provider: 'acme' })),
    );
    const outcomes = await Promise.all(sessions.map((session) => readOutcome(session.sessionToken)));
    expect(outcomes.map(({ status }) => status)).toEqual(['completed', 'completed']);
    expect(outcomes[1]?.grantId).toBe(outcomes[0]?.grantId);
    expect(await use(outcomes[0]?.grantId ?? '')).toMatchObject({ status: 200 });
  });
});
