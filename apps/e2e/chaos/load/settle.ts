import { setTimeout as sleep } from 'node:timers/promises';
import type { FleetVault } from '../world/vault-fleet.js';
import { type CallLoadInput, callOnce } from './call-load.js';
import type { Account } from './ledger.js';

/** The longest that a refresh may keep others away: a strict provider's answer is awaited for 60 s, and back-off comes after it. */
const settleMaxMs = 110_000;

/** What the end of a run needs. */
export interface SettleInput extends Pick<CallLoadInput, 'ledger' | 'vaults' | 'call' | 'findApiUrl'> {
  readonly reconnect: (account: Account) => Promise<boolean>;
}

/**
 * With all faults over, every account must be usable at every vault, by itself or, where it died, once it is connected again; and
 * the token must be one that the provider takes. What is not becomes an incident.
 */
export async function settle(input: SettleInput): Promise<void> {
  const { ledger, vaults } = input;
  await Promise.all(
    ledger.accounts
      .filter(({ isExpiring }) => !isExpiring)
      .map(async (account) => {
        const untilMs = Date.now() + settleMaxMs;
        let last = 'never connected';
        while (Date.now() < untilMs) {
          if (account.grant === undefined) await input.reconnect(account);
          last =
            account.grant === undefined ? 'cannot be connected' : await useEverywhere(input, vaults, account);
          if (last === 'ok') return;
          if (last === 'credential_revoked') await input.reconnect(account);
          await sleep(1_000);
        }
        ledger.noteIncident(
          'credential_lost',
          'R5',
          `${account.name} is not usable at the end: ${last}`,
          account,
        );
      }),
  );
}

async function useEverywhere(
  input: SettleInput,
  vaults: readonly FleetVault[],
  account: Account,
): Promise<string> {
  for (const vault of vaults) {
    const { grant } = account;
    if (grant === undefined) return 'not connected';
    const answer = await callOnce(input, vault, account, grant);
    if (answer.status !== 200) return answer.code ?? String(answer.status);
  }
  return 'ok';
}
