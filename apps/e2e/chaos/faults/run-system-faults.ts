import type { FaultRecord, Probe } from '../check/evidence.js';
import type { Account, Ledger } from '../load/ledger.js';
import type { PlannedSystemFault } from '../schedule/build-schedule.js';
import { isDatabaseFault } from '../schedule/fault-kinds.js';
import type { ChaosWorld } from '../world/open-world.js';
import { disturbDatabase } from './database-faults.js';
import { type FaultBook, waitForRecovery } from './fault-book.js';
import { disturbProcess } from './process-faults.js';
import { pause } from './run-provider-faults.js';

/** What a fault of process or database is done with. */
export interface SystemFaultInput {
  readonly world: ChaosWorld;
  readonly book: FaultBook;
  readonly ledger: Ledger;
  readonly probes: readonly Probe[];
  /** Connects an account again, at whichever vault answers. */
  readonly reconnect: (account: Account) => Promise<boolean>;
  readonly signal: AbortSignal;
}

/** One fault at work: it notes what it concerns, and waits as long as it is to last. */
export interface FaultAtWork {
  readonly plan: PlannedSystemFault;
  readonly begin: (input: { vaults?: readonly number[] | undefined; detail?: string }) => FaultRecord;
  readonly wait: (ms: number) => Promise<void>;
  /** The fault cannot be done here; said once in the report. */
  readonly skip: (why: string) => void;
}

/** Does the planned faults one after the other; the next one waits until the vaults have recovered from the last. */
export async function runSystemFaults(
  input: SystemFaultInput,
  planned: readonly PlannedSystemFault[],
  startedAtMs: number,
): Promise<void> {
  const { book, signal, probes, world } = input;
  for (const plan of planned) {
    await pause(startedAtMs + plan.atMs - Date.now(), signal);
    if (signal.aborted) return;
    let record: FaultRecord | undefined;
    const work: FaultAtWork = {
      plan,
      begin: (facts) => {
        record = book.begin({ track: 'system', kind: plan.kind, ...facts });
        return record;
      },
      wait: (ms) => pause(ms, signal),
      skip: (why) => book.skipped.set(plan.kind, why),
    };
    const disturb = isDatabaseFault(plan.kind) ? disturbDatabase : disturbProcess;
    await disturb(input, work);
    if (record === undefined) continue;
    record.endedAtMs = Date.now();
    await waitForRecovery(record, probes, world.fleet.vaults.length);
  }
}
