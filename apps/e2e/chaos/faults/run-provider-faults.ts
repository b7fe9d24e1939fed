import { setTimeout as sleep } from 'node:timers/promises';
import type { PlannedProviderFault } from '../schedule/build-schedule.js';
import type { ChaosWorld } from '../world/open-world.js';
import type { FaultBook } from './fault-book.js';

/** Does the planned faults between vaults and providers, each at its time. */
export async function runProviderFaults(
  world: Pick<ChaosWorld, 'providers'>,
  book: FaultBook,
  planned: readonly PlannedProviderFault[],
  run: { readonly startedAtMs: number; readonly signal: AbortSignal },
): Promise<void> {
  for (const fault of planned) {
    await pause(run.startedAtMs + fault.atMs - Date.now(), run.signal);
    if (run.signal.aborted) return;
    const record = book.begin({
      track: 'provider',
      kind: fault.kind,
      vaults: [],
      modes: fault.modes,
      detail: `${fault.modes.join(' ')}, ${Math.round(fault.share * 100)} %`,
    });
    const gates = fault.modes.flatMap((mode) => world.providers.get(mode)?.gate ?? []);
    for (const gate of gates) await gate.setFault(fault);
    await pause(fault.durationMs, run.signal);
    for (const gate of gates) await gate.setFault(undefined);
    record.endedAtMs = Date.now();
  }
}

/** Waits, or returns at once when the run is ended. */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  if (ms <= 0 || signal.aborted) return;
  await sleep(ms, undefined, { signal }).catch(() => {});
}
