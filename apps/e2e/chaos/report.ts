import type { FaultRecord, Violation } from './check/evidence.js';
import type { ScenarioResult } from './run-scenario.js';

/** The run as one JSON document. */
export function buildReport(seed: string, bug: string | undefined, results: readonly ScenarioResult[]) {
  return {
    seed,
    bug: bug ?? null,
    violations: results.reduce((sum, { violations }) => sum + violations.length, 0),
    scenarios: results.map((result) => ({
      database: result.database,
      schedule: {
        digest: result.schedule.digest,
        provider: result.schedule.provider,
        system: result.schedule.system,
      },
      started_at: new Date(result.startedAtMs).toISOString(),
      seconds: Math.round((result.endedAtMs - result.startedAtMs) / 1000),
      has_pooler: result.hasPooler,
      skipped: Object.fromEntries(result.skipped),
      counts: countRun(result),
      first_violation_after_seconds:
        result.firstViolationAfterMs === undefined ? null : Math.round(result.firstViolationAfterMs / 1000),
      chain: result.chain,
      log_folder: result.logFolder ?? null,
      faults: result.evidence.faults.map((fault) => describeFault(fault, result.startedAtMs)),
      violations: result.violations.slice(0, 200).map((violation) => ({
        ...violation,
        after_seconds: (violation.atMs - result.startedAtMs) / 1000,
      })),
    })),
  };
}

function describeFault(fault: FaultRecord, startedAtMs: number) {
  const at = (ms: number | undefined) => (ms === undefined ? null : (ms - startedAtMs) / 1000);
  return {
    kind: fault.kind,
    vaults: fault.vaults ?? 'all',
    detail: fault.detail,
    from: at(fault.startedAtMs),
    until: at(fault.endedAtMs),
    recovered: at(fault.recoveredAtMs),
  };
}

function countRun({ evidence, chain }: ScenarioResult): Record<string, unknown> {
  const answers: Record<string, number> = {};
  for (const { status, code } of evidence.answers) {
    const name = status === 200 ? '200' : `${status} ${code ?? ''}`.trim();
    answers[name] = (answers[name] ?? 0) + 1;
  }
  const deaths: Record<string, number> = {};
  for (const { status, cause, account } of evidence.changes) {
    if (status !== 'needs_reauth') continue;
    const name = `${account.split('/')[0]} ${cause}`;
    deaths[name] = (deaths[name] ?? 0) + 1;
  }
  const failures: Record<string, number> = {};
  for (const { failure } of [...evidence.attempts.values()].flat()) {
    if (failure !== undefined) failures[failure] = (failures[failure] ?? 0) + 1;
  }
  return {
    answers,
    refreshes: evidence.presentations.length,
    records: evidence.recordedReleases.size,
    connections: [...evidence.attempts.values()].flat().length,
    connections_failed: failures,
    revocations: [...evidence.grants.values()].filter((grant) => grant.revokeAcknowledgedAtMs !== undefined)
      .length,
    deaths,
    chain,
  };
}

/** A short table for people. */
export function printReport(results: readonly ScenarioResult[], print: (line: string) => void): void {
  for (const result of results) {
    const counts = countRun(result);
    print('');
    print(
      `${result.database}${result.hasPooler ? ' behind PgBouncer' : ''}: ${Math.round((result.endedAtMs - result.startedAtMs) / 1000)} s, schedule ${result.schedule.digest}`,
    );
    const kinds = Map.groupBy(result.evidence.faults, ({ kind }) => kind);
    for (const [kind, faults] of [...kinds].sort(([left], [right]) => (left < right ? -1 : 1))) {
      const times = faults.flatMap(({ endedAtMs, recoveredAtMs }) =>
        endedAtMs === undefined || recoveredAtMs === undefined ? [] : recoveredAtMs - endedAtMs,
      );
      const slowest =
        times.length === 0 ? '' : `well again after at most ${(Math.max(...times) / 1000).toFixed(1)} s`;
      print(`  ${kind.padEnd(26)} ${String(faults.length).padStart(3)}  ${slowest}`.trimEnd());
    }
    for (const [kind, why] of result.skipped) print(`  ${kind.padEnd(26)} skipped: ${why}`);
    for (const [name, value] of Object.entries(counts)) {
      const text =
        typeof value === 'object'
          ? Object.entries(value as Record<string, number>)
              .sort(([, left], [, right]) => right - left)
              .map(([key, count]) => `${key}: ${count}`)
              .join(', ')
          : String(value);
      print(`  ${name}: ${text || 'none'}`);
    }
    if (result.logFolder) print(`  logs of the vaults: ${result.logFolder}`);
    printViolations(result.violations, result.startedAtMs, print);
  }
}

function printViolations(
  violations: readonly Violation[],
  startedAtMs: number,
  print: (line: string) => void,
): void {
  print(`  violations: ${violations.length}`);
  const byRule = Map.groupBy(violations, ({ guarantee, rule }) => `${guarantee} ${rule}`);
  for (const [rule, list] of byRule) {
    print(`    ${rule}: ${list.length}`);
    for (const { atMs, message } of list.slice(0, 3))
      print(`      after ${((atMs - startedAtMs) / 1000).toFixed(1)} s: ${message}`);
  }
}
