import type { OidcEmulator } from '@alter-ai/emulator';
import { wasDisturbed } from '../check/evidence.js';
import { accessTokenTtlSeconds } from '../world/open-world.js';
import { fail, type HeldRequest } from './provider-gate.js';
import type { FaultAtWork, SystemFaultInput } from './run-system-faults.js';

/** How long a fault waits for somebody to be in the middle of a refresh. */
const holdTimeoutMs = 8_000;
const lateTokenTtlSeconds = 60;
/** A holder waits 20 s for its answer; with `strict`, where nobody presents the token again, longer. */
const takeoverMsMax = 19_000;

/** Kills, stops and steps the clocks of vault processes. */
export async function disturbProcess(input: SystemFaultInput, work: FaultAtWork): Promise<void> {
  const { world } = input;
  const { plan } = work;
  const vault = world.fleet.vaults[plan.vault % world.fleet.vaults.length];
  if (vault === undefined) return;
  switch (plan.kind) {
    case 'kill':
      work.begin({ vaults: [vault.index] });
      vault.kill(plan.durationMs);
      return work.wait(plan.durationMs);
    case 'stop':
      work.begin({ vaults: [vault.index] });
      vault.signal('SIGSTOP');
      await work.wait(plan.durationMs);
      vault.signal('SIGCONT');
      return;
    case 'kill_holder_before':
    case 'kill_holder_after':
      return killHolder(input, work);
    case 'stop_holder':
      return stopHolder(input, work);
    case 'stale_refusal':
      return refuseStale(input, work);
    default:
      if (process.platform !== 'linux') return work.skip('the clock can be stepped on Linux only');
      return stepClock(input, work);
  }
}

async function takeHolder(input: SystemFaultInput, work: FaultAtWork): Promise<HeldRequest | undefined> {
  const gate = input.world.providers.get(work.plan.mode)?.gate;
  const held = await gate?.holdNext(holdTimeoutMs);
  if (held === undefined) return undefined;
  if (held.presentation.vault !== undefined) return held;
  if (process.platform !== 'linux') work.skip('the system does not tell which process holds a connection');
  held.answer(await held.forward());
  return undefined;
}

/** SIGKILL while the refresh token is on its way: before the provider has it, or after it was spent. */
async function killHolder(input: SystemFaultInput, work: FaultAtWork): Promise<void> {
  const held = await takeHolder(input, work);
  if (held === undefined) return;
  const vault = input.world.fleet.vaults[held.presentation.vault ?? 0];
  if (work.plan.kind === 'kill_holder_after') await held.forward();
  work.begin({ vaults: vault && [vault.index], detail: work.plan.mode });
  vault?.kill(work.plan.durationMs);
  await work.wait(100);
  held.cut();
  await work.wait(work.plan.durationMs);
}

/** SIGSTOP for longer than the lease, with the answer of the provider waiting for it when it goes on. */
async function stopHolder(input: SystemFaultInput, work: FaultAtWork): Promise<void> {
  const held = await takeHolder(input, work);
  if (held === undefined) return;
  const vault = input.world.fleet.vaults[held.presentation.vault ?? 0];
  work.begin({ vaults: vault && [vault.index], detail: work.plan.mode });
  vault?.signal('SIGSTOP');
  // Still good when the vault goes on: of a token that had expired by then, and was stored all the same, nobody would see anything.
  const emulator = input.world.providers.get(work.plan.mode)?.emulator;
  emulator?.updateSettings({ accessTokenTtlSeconds: lateTokenTtlSeconds });
  const answer = await held.forward();
  emulator?.updateSettings({ accessTokenTtlSeconds });
  await waitForTakeover(emulator, held, work);
  held.answer(answer);
  vault?.signal('SIGCONT');
  await work.wait(300);
}

/** Waits as long as planned, and on until the provider has given another vault newer tokens: an answer that is not late proves nothing. */
async function waitForTakeover(
  emulator: OidcEmulator | undefined,
  { presentation: { tokenSha256 } }: HeldRequest,
  { plan, wait }: FaultAtWork,
): Promise<void> {
  const log = () => emulator?.log() ?? [];
  const { subject } = log().find((event) => event.sha256 === tokenSha256) ?? {};
  const seen = log().length;
  const isReplaced = () =>
    log()
      .slice(seen)
      .some((event) => event.event === 'issued' && event.subject === subject);
  await wait(plan.durationMs);
  if (plan.mode === 'strict') return;
  for (let waitedMs = plan.durationMs; waitedMs < takeoverMsMax && !isReplaced(); waitedMs += 250)
    await wait(250);
  // The newer ones are stored, and used.
  await wait(500);
}

/**
 * The user connects again while a refresh with the old token is at the provider, which then refuses the old token (R6): what was
 * connected must stay.
 */
async function refuseStale(input: SystemFaultInput, work: FaultAtWork): Promise<void> {
  const gate = input.world.providers.get('strict')?.gate;
  const emulator = input.world.providers.get('strict')?.emulator;
  const held = await gate?.holdNext(holdTimeoutMs);
  if (held === undefined || emulator === undefined) return;
  const { tokenSha256 } = held.presentation;
  const subject = emulator.log().find((event) => event.sha256 === tokenSha256)?.subject;
  const account = input.ledger.accounts.find((each) => each.mode === 'strict' && each.subject === subject);
  const isFree = account !== undefined && !account.isBusy && account.grant !== undefined;
  if (!isFree || wasDisturbed(input.book.faults, undefined, Date.now(), Date.now())) {
    held.answer(await held.forward());
    return;
  }
  account.isBusy = true;
  try {
    work.begin({ vaults: [], detail: account.name });
    if (!(await input.reconnect(account))) {
      held.answer(await held.forward());
      return;
    }
    // The tester sees states of credentials once a second.
    await work.wait(1_500);
    held.answer(fail(400, 'invalid_grant'));
    await work.wait(1_500);
  } finally {
    account.isBusy = false;
  }
}

/**
 * A clock that is off by more than the lease, while a refresh takes its time: ahead at somebody who waits for the holder, so that
 * the lease looks over, or behind at the holder, so that what it renews looks over to all others.
 */
async function stepClock(input: SystemFaultInput, work: FaultAtWork): Promise<void> {
  const { plan, wait } = work;
  const { world } = input;
  const { vaults } = world.fleet;
  const held = await world.providers.get(plan.mode)?.gate.holdNext(holdTimeoutMs);
  const holder = held?.presentation.vault ?? plan.vault;
  const index =
    plan.kind === 'clock_back' ? holder : holder + 1 + (plan.vault % Math.max(1, vaults.length - 1));
  const vault = vaults[index % vaults.length];
  work.begin({ vaults: vault && [vault.index], detail: `${plan.stepSeconds} s` });
  vault?.setClock(plan.stepSeconds);
  await wait(plan.durationMs);
  held?.answer(await held.forward());
  vault?.setClock(0);
  // The process looks at its clock's file once a second.
  await wait(1_500);
}
