import { setTimeout as sleep } from 'node:timers/promises';
import type { Answer, GrantHistory } from '../check/evidence.js';
import type { Random } from '../schedule/random.js';
import type { FleetVault } from '../world/vault-fleet.js';
import type { Account, Ledger } from './ledger.js';
import { hashText, type SignedCall } from './signed-call.js';

/** What callers need. */
export interface CallLoadInput {
  readonly ledger: Ledger;
  readonly vaults: readonly FleetVault[];
  readonly call: SignedCall;
  readonly random: Random;
  readonly callers: number;
  /** Address that the credentials are asked for, by account. */
  readonly findApiUrl: (account: Account) => string;
}

/** A caller goes on after this long without an answer, which still counts when it comes: else all would soon wait for one vault. */
const patienceMs = 1_000;
const unansweredMax = 20;

/** Callers that use random grants at random vaults until they are stopped. */
export function startCallLoad(input: CallLoadInput): { stop(): Promise<void> } {
  let isStopped = false;
  const callers = Array.from({ length: input.callers }, async (_, index) => {
    const random = input.random.fork(`caller ${index}`);
    const unanswered = new Set<Promise<unknown>>();
    while (!isStopped) {
      await sleep(random.pickInt(60, 240));
      const vault = random.pick(input.vaults);
      // Now and then somebody uses what was taken back.
      const isOld = random.hasLuck(0.08);
      const account = random.pick(input.ledger.accounts);
      const grant = isOld ? input.ledger.revoked.at(-1 - random.pickInt(0, 5)) : account.grant;
      if (grant === undefined) continue;
      const call = callOnce(input, vault, account, grant).finally(() => unanswered.delete(call));
      unanswered.add(call);
      await Promise.race([call, sleep(patienceMs)]);
      if (unanswered.size >= unansweredMax) await Promise.race(unanswered);
    }
    await Promise.all(unanswered);
  });
  return {
    stop: async () => {
      isStopped = true;
      await Promise.all(callers);
    },
  };
}

/** Asks one vault for the credential of one grant, and keeps what it answered. */
export async function callOnce(
  input: Pick<CallLoadInput, 'ledger' | 'call' | 'findApiUrl'>,
  vault: FleetVault,
  account: Account,
  grant: GrantHistory,
): Promise<Answer> {
  const startedAtMs = Date.now();
  const result = await input.call(vault.url, '/sdk/token', {
    grant_id: grant.grantId,
    reason: null,
    request: { method: 'GET', url: input.findApiUrl(account) },
  });
  const { body } = result;
  const token = typeof body.access_token === 'string' ? body.access_token : undefined;
  const answer: Answer = {
    startedAtMs,
    endedAtMs: Date.now(),
    vault: vault.index,
    account: grant.account,
    grantId: grant.grantId,
    status: result.status,
    code: typeof body.error === 'string' ? body.error : result.failure,
    cause: typeof body.cause === 'string' ? body.cause : undefined,
    hasRetryAfter: result.hasRetryAfter,
    requestId: result.requestId,
    tokenSha256: token === undefined ? undefined : hashText(token),
  };
  input.ledger.answers.push(answer);
  if (account.grant === grant) {
    if (answer.code === 'credential_revoked' && (grant.connectedAtMs.at(-1) ?? 0) < startedAtMs) {
      account.deadSinceMs ??= Date.now();
    } else if (answer.status === 200) account.deadSinceMs = undefined;
  }
  return answer;
}
