import { setTimeout as sleep } from 'node:timers/promises';
import type { FaultRecord, Probe } from '../check/evidence.js';
import type { ProviderMode } from '../schedule/build-schedule.js';

/** What a fault concerns. */
export interface FaultInput {
  readonly track: FaultRecord['track'];
  readonly kind: string;
  readonly vaults?: readonly number[] | undefined;
  readonly modes?: readonly ProviderMode[];
  readonly detail?: string;
}

/** Every fault of the run, as it happened. */
export interface FaultBook {
  readonly faults: FaultRecord[];
  /** Faults of the schedule that this machine cannot do, with the reason; each reason once. */
  readonly skipped: Map<string, string>;
  begin(input: FaultInput): FaultRecord;
}

/** Makes an empty book. */
export function createFaultBook(): FaultBook {
  const faults: FaultRecord[] = [];
  return {
    faults,
    skipped: new Map(),
    begin(input) {
      const record: FaultRecord = {
        id: faults.length + 1,
        track: input.track,
        kind: input.kind,
        startedAtMs: Date.now(),
        endedAtMs: undefined,
        vaults: input.vaults,
        modes: input.modes ?? [],
        detail: input.detail ?? '',
        recoveredAtMs: undefined,
      };
      faults.push(record);
      return record;
    },
  };
}

/** How long the vaults may take to answer again once a fault of process or database has ended. */
export const recoveryMaxMs = 30_000;

/** Waits until every vault has answered a probe that began after the fault's end, or the time is over. */
export async function waitForRecovery(
  fault: FaultRecord,
  probes: readonly Probe[],
  vaults: number,
): Promise<void> {
  const endedAtMs = fault.endedAtMs ?? Date.now();
  for (;;) {
    const nowMs = Date.now();
    const firsts = Array.from({ length: vaults }, (_, vault) =>
      probes.find((probe) => probe.vault === vault && probe.isOk && probe.startedAtMs >= endedAtMs),
    );
    if (firsts.every((probe) => probe !== undefined)) {
      fault.recoveredAtMs = Math.max(...firsts.map((probe) => probe?.endedAtMs ?? nowMs));
      return;
    }
    if (nowMs - endedAtMs > recoveryMaxMs + 2_000) return;
    await sleep(100);
  }
}
