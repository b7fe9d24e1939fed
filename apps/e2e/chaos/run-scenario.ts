import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { MachineTools } from '../harness/machine/find-tools.js';
import { checkAll } from './check/check-all.js';
import type { Evidence, Violation } from './check/evidence.js';
import { nameAccount } from './check/token-index.js';
import { createFaultBook, type FaultBook } from './faults/fault-book.js';
import { runProviderFaults } from './faults/run-provider-faults.js';
import { runSystemFaults } from './faults/run-system-faults.js';
import { startAuditor } from './load/auditor.js';
import { startCallLoad } from './load/call-load.js';
import { type Account, createLedger, type Ledger } from './load/ledger.js';
import { connectAccount, startLifecycleLoad } from './load/lifecycle-load.js';
import { type Observers, startObservers } from './load/observers.js';
import { settle } from './load/settle.js';
import { createSignedCall } from './load/signed-call.js';
import {
  buildSchedule,
  providerModes,
  type Schedule,
  type ScheduleInput,
} from './schedule/build-schedule.js';
import type { ProviderFaultKind, SystemFaultKind } from './schedule/fault-kinds.js';
import { createRandom } from './schedule/random.js';
import { accessTokenTtlSeconds, type ChaosWorld, openWorld } from './world/open-world.js';
import type { Patch } from './world/vault-build.js';

/** One run against one database. */
export interface ScenarioOptions {
  readonly seed: string;
  readonly database: 'postgres' | 'sqlite';
  readonly totalMs: number;
  readonly tools: MachineTools;
  readonly patches?: readonly Patch[];
  /** Ends the run at the first violation. */
  readonly isEndedByViolation?: boolean;
  readonly systemKinds?: readonly SystemFaultKind[];
  readonly providerKinds?: readonly ProviderFaultKind[];
  readonly accountsPerProvider?: number;
  readonly callers?: number;
  readonly log?: (line: string) => void;
  /** Ends the run early: everything is stopped and nothing is told. */
  readonly signal?: AbortSignal;
}

/** What came of it. */
export interface ScenarioResult {
  readonly database: 'postgres' | 'sqlite';
  readonly schedule: Schedule;
  readonly violations: readonly Violation[];
  /** From the start of the load to the first violation that was noticed. */
  readonly firstViolationAfterMs: number | undefined;
  readonly evidence: Evidence;
  readonly skipped: ReadonlyMap<string, string>;
  readonly chain: string;
  /** Logs of the vaults, where something was found; undefined: removed. */
  readonly logFolder: string | undefined;
  readonly hasPooler: boolean;
  readonly startedAtMs: number;
  readonly endedAtMs: number;
}

/** Runs load and faults, then lets everything settle, and checks. */
export async function runScenario(options: ScenarioOptions): Promise<ScenarioResult> {
  const { database, tools, log = () => {} } = options;
  const random = createRandom(`${options.seed}/${database}`);
  const vaults = database === 'postgres' ? 3 : 1;
  const schedule = buildSchedule({
    random,
    totalMs: options.totalMs,
    database,
    vaults,
    systemKinds: options.systemKinds,
    providerKinds: options.providerKinds,
  } satisfies ScheduleInput);
  const ledger = createLedger(describeAccounts(options.accountsPerProvider ?? 8));
  const book = createFaultBook();
  noteMissing(tools, book, database);
  log(
    `${database}: schedule ${schedule.digest}, ${schedule.system.length + schedule.provider.length} faults planned`,
  );
  const world = await openWorld({
    database,
    vaults,
    subjects: [...new Set(ledger.accounts.map(({ subject }) => subject)), 'steady'],
    random,
    tools,
    patches: options.patches ?? [],
    onUnexpectedEnd: (vault, code, output) =>
      ledger.noteIncident('vault_ended', 'F2', `vault ${vault} ended by itself with ${code}`, output),
  });
  let isClean = true;
  try {
    options.signal?.throwIfAborted();
    const stopped = new Promise<never>((_, reject) => {
      options.signal?.addEventListener('abort', () => reject(new Error('the run was stopped')));
    });
    const result = await Promise.race([
      driveScenario({ options, schedule, ledger, book, world, log }),
      stopped,
    ]);
    isClean = result.violations.length === 0;
    return result;
  } finally {
    await world.close();
    rmSync(isClean ? world.folder : join(world.folder, 'build'), { recursive: true, force: true });
  }
}

interface Drive {
  readonly options: ScenarioOptions;
  readonly schedule: Schedule;
  readonly ledger: Ledger;
  readonly book: FaultBook;
  readonly world: ChaosWorld;
  readonly log: (line: string) => void;
}

async function driveScenario(drive: Drive): Promise<ScenarioResult> {
  const { options, schedule, ledger, book, world, log } = drive;
  const random = createRandom(`${options.seed}/${options.database}/load`);
  const { vaults } = world.fleet;
  const call = createSignedCall(world.apiKey);
  const findApiUrl = (account: Account) =>
    `${world.providers.get(account.mode)?.emulator.issuer}/api/messages`;
  const common = { ledger, vaults, call, random, findApiUrl, apiKey: world.apiKey };
  const reconnect = async (account: Account): Promise<boolean> => {
    for (const vault of vaults) if (await connectAccount(common, vault, account)) return true;
    return false;
  };

  const steady: Account = { ...describeAccount('none', 'steady'), isBusy: true };
  if (!(await reconnect(steady)) || steady.grant === undefined)
    throw new Error('the first account cannot be connected');
  for (const { emulator } of world.providers.values()) emulator.updateSettings({ accessTokenTtlSeconds });
  await Promise.all(ledger.accounts.filter(({ isExpiring }) => !isExpiring).map(reconnect));
  const observers = startObservers({
    vaults,
    call,
    ledger,
    reader: world.reader,
    steadyGrantId: steady.grant.grantId,
    steadyUrl: findApiUrl(steady),
  });
  const auditor = startAuditor({ vaults, ledger, reader: world.reader, folder: world.folder });

  const startedAtMs = Date.now();
  const ending = new AbortController();
  const calls = startCallLoad({ ...common, callers: options.callers ?? 14 });
  const lifecycle = startLifecycleLoad({
    ...common,
    revokeAtProvider: (mode, subject) => void world.providers.get(mode)?.emulator.revokeGrants({ subject }),
  });
  const gather = () => gatherEvidence(drive, observers);
  const faults = Promise.all([
    runProviderFaults(world, book, schedule.provider, { startedAtMs, signal: ending.signal }),
    runSystemFaults(
      { world, book, ledger, probes: observers.probes, reconnect, signal: ending.signal },
      schedule.system,
      startedAtMs,
    ),
  ]);
  const firstViolationAfterMs = await watch(drive, gather, startedAtMs);
  ending.abort();
  await faults;
  await Promise.all([calls.stop(), lifecycle.stop()]);
  const isCut = firstViolationAfterMs !== undefined && options.isEndedByViolation === true;
  if (!isCut) {
    log(`${options.database}: settling`);
    await settle({ ...common, reconnect });
  }
  await Promise.all([observers.stop(), auditor.stop()]);
  await observers.readAllRecords();
  const chain = isCut ? 'not asked' : await auditor.verifyAtEnd();
  const evidence = gather();
  const violations = checkAll(evidence);
  return {
    database: options.database,
    schedule,
    violations,
    firstViolationAfterMs,
    evidence,
    logFolder: violations.length === 0 ? undefined : world.folder,
    skipped: book.skipped,
    chain,
    hasPooler: world.hasPooler,
    startedAtMs,
    endedAtMs: Date.now(),
  };
}

/** Checks again and again while the run goes on; ends with it, or at the first violation where that is wanted. */
async function watch(drive: Drive, gather: () => Evidence, startedAtMs: number): Promise<number | undefined> {
  const { options, log } = drive;
  let firstAfterMs: number | undefined;
  let pauseMs = 2_000;
  while (Date.now() - startedAtMs < options.totalMs) {
    await sleep(Math.min(pauseMs, Math.max(0, startedAtMs + options.totalMs - Date.now())));
    const before = performance.now();
    const violations = checkAll(gather());
    // Looking must not become the load.
    pauseMs = Math.max(2_000, 30 * (performance.now() - before));
    const [first] = violations;
    if (first === undefined || firstAfterMs !== undefined) continue;
    firstAfterMs = Date.now() - startedAtMs;
    log(
      `violation after ${Math.round(firstAfterMs / 1000)} s: ${first.guarantee} ${first.rule}: ${first.message}`,
    );
    if (options.isEndedByViolation) return firstAfterMs;
  }
  return firstAfterMs;
}

function gatherEvidence({ ledger, book, world }: Drive, observers: Observers): Evidence {
  const providers = [...world.providers.values()];
  return {
    presentations: providers
      .flatMap(({ gate }) => gate.presentations)
      .sort((left, right) => left.startedAtMs - right.startedAtMs || left.id - right.id),
    answers: [...ledger.answers],
    faults: book.faults,
    grants: ledger.grants,
    attempts: ledger.attempts,
    changes: [...observers.changes],
    probes: observers.probes,
    recordedReleases: observers.recorded.releases,
    recordedDeaths: observers.recorded.deaths,
    recordsReadAtMs: observers.recordsReadAtMs(),
    providerLogs: new Map(providers.map(({ mode, emulator }) => [mode, emulator.log()])),
    incidents: ledger.incidents,
  };
}

function describeAccount(mode: Account['mode'], subject: string, isExpiring = false): Account {
  return {
    name: nameAccount(mode, subject),
    mode,
    subject,
    isExpiring,
    grant: undefined,
    isBusy: false,
    deadSinceMs: undefined,
  };
}

function describeAccounts(perProvider: number): Account[] {
  return providerModes.flatMap((mode) => [
    ...Array.from({ length: perProvider }, (_, index) => describeAccount(mode, `user${index}`)),
    describeAccount(mode, 'brief', true),
  ]);
}

function noteMissing(tools: MachineTools, book: FaultBook, database: string): void {
  if (tools.faketime === undefined) {
    for (const kind of ['clock_forward', 'clock_back'])
      book.skipped.set(kind, 'libfaketime is not installed');
  }
  if (database === 'postgres' && tools.pgbouncer === undefined)
    book.skipped.set('pooler', 'pgbouncer is not installed: the vaults speak to PostgreSQL directly');
}
