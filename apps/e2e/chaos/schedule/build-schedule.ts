import { createHash } from 'node:crypto';
import {
  type ProviderFaultKind,
  postgresFaultKinds,
  processFaultKinds,
  providerFaultKinds,
  type SystemFaultKind,
  sqliteFaultKinds,
} from './fault-kinds.js';
import type { Random } from './random.js';

/** Modes of the emulated providers (`refresh_reuse`); each is a provider of its own. */
export const providerModes = ['strict', 'window', 'none'] as const;
/** One of them. */
export type ProviderMode = (typeof providerModes)[number];

/** One planned fault between vaults and providers. Times count from the start of the load. */
export interface PlannedProviderFault {
  readonly track: 'provider';
  readonly kind: ProviderFaultKind;
  readonly atMs: number;
  readonly durationMs: number;
  readonly modes: readonly ProviderMode[];
  /** Which part of the requests is concerned. */
  readonly share: number;
  readonly delayMs: number;
}

/** One planned fault of a process or of the database. It begins at its time, or once its forerunner is recovered from. */
export interface PlannedSystemFault {
  readonly track: 'system';
  readonly kind: SystemFaultKind;
  readonly atMs: number;
  readonly durationMs: number;
  /** Which vault, where the fault concerns one. */
  readonly vault: number;
  readonly mode: ProviderMode;
  /** Clock steps in seconds. */
  readonly stepSeconds: number;
}

/** All that a seed decides about faults. */
export interface Schedule {
  readonly provider: readonly PlannedProviderFault[];
  readonly system: readonly PlannedSystemFault[];
  /** Equal for equal schedules. */
  readonly digest: string;
}

/** What the schedule is for. */
export interface ScheduleInput {
  readonly random: Random;
  readonly totalMs: number;
  readonly database: 'postgres' | 'sqlite';
  readonly vaults: number;
  /** Only these kinds of system faults, in this order, when given; for short runs. */
  readonly systemKinds?: readonly SystemFaultKind[] | undefined;
  readonly providerKinds?: readonly ProviderFaultKind[] | undefined;
}

/** Deals the kinds of faults like cards, so that each comes once before any comes again. */
export function buildSchedule(input: ScheduleInput): Schedule {
  const provider = planProviderFaults(input);
  const system = planSystemFaults(input);
  const digest = createHash('sha256').update(JSON.stringify({ provider, system })).digest('hex').slice(0, 16);
  return { provider, system, digest };
}

function* deal<T>(random: Random, kinds: readonly T[], isOrdered: boolean): Generator<T, never> {
  for (;;) yield* isOrdered ? kinds : random.shuffle(kinds);
}

function planProviderFaults(input: ScheduleInput): PlannedProviderFault[] {
  const random = input.random.fork('provider faults');
  const cards = deal(random, input.providerKinds ?? providerFaultKinds, input.providerKinds !== undefined);
  const planned: PlannedProviderFault[] = [];
  for (let atMs = 1_500; ; ) {
    const kind = cards.next().value;
    const durationMs =
      kind === 'provider_slow' ? random.pickInt(9_000, 12_000) : random.pickInt(2_500, 6_000);
    const modes = random.hasLuck(0.4) ? [...providerModes] : [random.pick(providerModes)];
    const fault = {
      track: 'provider',
      kind,
      atMs,
      durationMs: kind === 'provider_invalid_client' ? 1_500 : durationMs,
      modes,
      share: 0.4 + random.next() * 0.6,
      delayMs: random.pickInt(7_500, 11_000),
    } as const;
    if (atMs + durationMs > input.totalMs) return planned;
    planned.push(fault);
    atMs += durationMs + random.pickInt(2_000, 5_000);
  }
}

const meanwhileMs: Partial<Record<SystemFaultKind, readonly [min: number, max: number]>> = {
  kill: [500, 2_500],
  kill_holder_before: [500, 2_000],
  kill_holder_after: [500, 2_000],
  // Longer than the lease of 6 s.
  stop: [7_000, 10_000],
  clock_forward: [6_000, 9_000],
  clock_back: [6_000, 9_000],
  // Longer than a statement may take (10 s).
  database_half_open: [11_000, 13_000],
  commits_hang: [4_000, 6_000],
  postgres_restart: [500, 2_500],
};

/**
 * How long a holder is away that has sent its request: until another vault has taken over, which with some providers it does long
 * after the lease (R4), and not so long that its own wait for the answer ends (20 s, 60 s with `strict`).
 */
const stopHolderMs: Record<ProviderMode, readonly [min: number, max: number]> = {
  none: [8_000, 10_000],
  window: [15_500, 18_000],
  strict: [21_500, 25_000],
};

function planSystemFaults(input: ScheduleInput): PlannedSystemFault[] {
  const random = input.random.fork('system faults');
  const databaseKinds = input.database === 'postgres' ? postgresFaultKinds : sqliteFaultKinds;
  // Once for each mode in a round: what a late answer does differs from one to the other.
  const more = providerModes.slice(1).map((): SystemFaultKind => 'stop_holder');
  const kinds = input.systemKinds ?? [...processFaultKinds, ...more, ...databaseKinds];
  const cards = deal(random, kinds, input.systemKinds !== undefined);
  const planned: PlannedSystemFault[] = [];
  const turns = new Map<SystemFaultKind, number>();
  const firstTurn = random.pickInt(0, providerModes.length - 1);
  for (let atMs = 2_000; ; ) {
    const kind = cards.next().value;
    // Each kind goes through the modes in turn.
    const turn = turns.get(kind) ?? firstTurn;
    turns.set(kind, turn + 1);
    const mode = providerModes[turn % providerModes.length] ?? 'strict';
    const [min, max] = kind === 'stop_holder' ? stopHolderMs[mode] : (meanwhileMs[kind] ?? [3_000, 7_000]);
    const durationMs = random.pickInt(min, max);
    if (atMs + durationMs > input.totalMs) return planned;
    const stepSeconds = random.pickInt(20, 100) * (kind === 'clock_back' ? -1 : 1);
    const vault = random.pickInt(0, input.vaults - 1);
    planned.push({ track: 'system', kind, atMs, durationMs, vault, mode, stepSeconds });
    atMs += durationMs + random.pickInt(2_500, 5_000);
  }
}
