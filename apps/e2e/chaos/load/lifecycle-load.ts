import { setTimeout as sleep } from 'node:timers/promises';
import { connectOverHttp } from '../../harness/connect-over-http.js';
import type { GrantHistory } from '../check/evidence.js';
import type { ProviderMode } from '../schedule/build-schedule.js';
import type { Random } from '../schedule/random.js';
import type { FleetVault } from '../world/vault-fleet.js';
import { type CallLoadInput, callOnce } from './call-load.js';
import type { Account } from './ledger.js';

/** What those who connect and take back need. */
export interface LifecycleInput
  extends Pick<CallLoadInput, 'ledger' | 'vaults' | 'call' | 'random' | 'findApiUrl'> {
  readonly apiKey: string;
  /** The user takes the access back at the provider; the vault is not told. */
  readonly revokeAtProvider: (mode: ProviderMode, subject: string) => void;
}

/** Connects an account, or connects it again. @returns false when it did not work; whether it was stored is unknown then */
export async function connectAccount(
  input: Pick<LifecycleInput, 'ledger' | 'apiKey'>,
  vault: FleetVault,
  account: Account,
  lifetimeSeconds?: number,
): Promise<boolean> {
  const lifetimeMs = lifetimeSeconds === undefined ? undefined : lifetimeSeconds * 1000;
  const attempt = input.ledger.noteAttempt(account, lifetimeMs);
  try {
    const grantId = await connectOverHttp(
      { url: vault.url, apiKey: input.apiKey },
      {
        providerId: account.mode,
        user: account.subject,
        ...(lifetimeSeconds === undefined
          ? {}
          : { session: { grantPolicy: { defaultTtlSeconds: lifetimeSeconds } } }),
      },
    );
    input.ledger.noteConnected(account, attempt, grantId);
    return true;
  } catch (error) {
    attempt.failure = error instanceof Error ? error.message.slice(0, 160) : 'unknown';
    return false;
  }
}

/** Takes a grant back until a vault has acknowledged it. */
export async function revokeGrant(
  input: Pick<LifecycleInput, 'ledger' | 'vaults' | 'call'>,
  random: Random,
  account: Account,
  grant: GrantHistory,
): Promise<void> {
  grant.revokeAskedAtMs = Date.now();
  for (let tries = 0; tries < 40; tries += 1) {
    const vault = random.pick(input.vaults);
    const result = await input.call(vault.url, `/sdk/oauth/grants/${grant.grantId}/revoke`, { reason: null });
    // An answer that was lost on the way: the grant is gone already.
    const isGone = result.status === 404 && tries > 0;
    if (result.status === 200 || isGone) {
      grant.revokeAcknowledgedAtMs = Date.now();
      input.ledger.revoked.push(grant);
      account.grant = undefined;
      return;
    }
    if (result.status !== 0 && result.status !== 503 && result.status !== 409) {
      input.ledger.noteIncident(
        'revoke_refused',
        'F7',
        `revoking ${account.name} was answered ${result.status}`,
        {
          grantId: grant.grantId,
          body: result.body,
        },
      );
      return;
    }
    await sleep(500);
  }
}

/** People who connect, repair and take back, until they are stopped. */
export function startLifecycleLoad(input: LifecycleInput): { stop(): Promise<void> } {
  let isStopped = false;
  const { ledger, vaults } = input;

  async function withAccount(account: Account, work: () => Promise<unknown>): Promise<void> {
    if (account.isBusy) return;
    account.isBusy = true;
    try {
      await work();
    } finally {
      account.isBusy = false;
    }
  }

  async function act(random: Random): Promise<void> {
    const vault = random.pick(vaults);
    const steady = ledger.accounts.filter(({ isExpiring }) => !isExpiring);
    const account = random.pick(steady);
    const choice = random.next();
    if (choice < 0.35) {
      const expiring = random.pick(ledger.accounts.filter(({ isExpiring }) => isExpiring));
      return withAccount(expiring, () => connectAccount(input, vault, expiring, random.pickInt(3, 9)));
    }
    if (choice < 0.6) return withAccount(account, () => connectAccount(input, vault, account));
    const { grant } = account;
    if (grant === undefined) return;
    if (choice < 0.75) {
      input.revokeAtProvider(account.mode, account.subject);
      return;
    }
    return withAccount(account, async () => {
      await revokeGrant(input, random, account, grant);
      // F7: the next call is refused, whichever process it goes to.
      await Promise.all(vaults.map((each) => callOnce(input, each, account, grant)));
      await connectAccount(input, vault, account);
    });
  }

  /** Whoever hears that an account must be connected again does so after a while. */
  async function repair(random: Random): Promise<void> {
    const waiting = ledger.accounts.filter(
      (account) =>
        !account.isBusy &&
        !account.isExpiring &&
        (account.grant === undefined ||
          (account.deadSinceMs !== undefined && Date.now() - account.deadSinceMs > 2_000)),
    );
    for (const account of waiting) {
      await withAccount(account, () => connectAccount(input, random.pick(vaults), account));
    }
  }

  const run = async (name: string, pauseMs: number, work: (random: Random) => Promise<void>) => {
    const random = input.random.fork(name);
    while (!isStopped) {
      await sleep(random.pickInt(pauseMs, pauseMs * 2));
      if (!isStopped) await work(random);
    }
  };
  const running = [run('lifecycle', 900, act), run('repair', 700, repair)];
  return {
    stop: async () => {
      isStopped = true;
      await Promise.all(running);
    },
  };
}
