import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { findTools } from '../harness/machine/find-tools.js';
import { repositoryRoot } from '../harness/vault-process.js';
import { type DeliberateBug, deliberateBugs, findBug } from './bugs/deliberate-bugs.js';
import { buildReport, printReport } from './report.js';
import { runScenario, type ScenarioResult } from './run-scenario.js';

const help = `npm run chaos -- [options]

  --minutes N          how long faults are made (3); three quarters of it on PostgreSQL, the rest on SQLite
  --seed S             what decides about faults and load; printed, so that a run can be had again
  --database NAME      postgres | sqlite | both (both)
  --bug NAME           builds a mistake into a copy of the vault: ${deliberateBugs.map(({ name }) => name).join(', ')}
  --prove-bugs         runs every bug until the checker finds it, at most 5 minutes each
  --report FILE        where the JSON report goes (reports/chaos.json)

Ends with 1 when something happened that must not happen, with 2 when the run could not be made.`;

/** A bug must be found in this time. */
const provingMs = 300_000;

function readOptions() {
  try {
    return parseArgs({
      options: {
        minutes: { type: 'string', default: '3' },
        seed: { type: 'string', default: String(Math.floor(Math.random() * 1e9)) },
        database: { type: 'string', default: 'both' },
        bug: { type: 'string' },
        'prove-bugs': { type: 'boolean', default: false },
        report: { type: 'string', default: join(repositoryRoot, 'reports', 'chaos.json') },
        help: { type: 'boolean', default: false },
      },
    }).values;
  } catch (error) {
    return fail(error instanceof Error ? error.message : 'bad arguments');
  }
}

function fail(message: string): never {
  console.error(`${message}\n\n${help}`);
  process.exit(64);
}

const values = readOptions();
if (values.help) {
  console.log(help);
  process.exit(0);
}
const minutes = Number(values.minutes);
if (!(minutes > 0)) fail('--minutes must be a number above 0');
if (!['postgres', 'sqlite', 'both'].includes(values.database))
  fail('--database must be postgres, sqlite or both');
const tools = findTools();
const log = (line: string) => console.log(line);
const stopping = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stopping.abort());

async function runAll(
  seed: string,
  bug: DeliberateBug | undefined,
  totalMs: number,
): Promise<ScenarioResult[]> {
  const common = {
    seed,
    tools,
    log,
    signal: stopping.signal,
    patches: bug?.patches ?? [],
    isEndedByViolation: bug !== undefined,
  };
  if (bug !== undefined) return [await runScenario({ ...common, database: 'postgres', totalMs })];
  const shares = { postgres: [1, 0], sqlite: [0, 1], both: [0.75, 0.25] }[values.database] ?? [1, 0];
  const results: ScenarioResult[] = [];
  for (const [index, database] of (['postgres', 'sqlite'] as const).entries()) {
    const share = shares[index] ?? 0;
    if (share > 0) results.push(await runScenario({ ...common, database, totalMs: totalMs * share }));
  }
  return results;
}

function writeReport(report: unknown): void {
  mkdirSync(join(values.report, '..'), { recursive: true });
  writeFileSync(values.report, JSON.stringify(report, null, 2));
  console.log(`report: ${values.report}`);
}

async function proveBugs(): Promise<number> {
  const lines: string[] = [];
  const reports: unknown[] = [];
  let missed = 0;
  for (const bug of deliberateBugs) {
    console.log(`\nbug ${bug.name}: ${bug.description}`);
    const results = await runAll(values.seed, bug, provingMs);
    reports.push(buildReport(values.seed, bug.name, results));
    const [result] = results;
    const found = result?.violations.find(({ rule }) => bug.rules.includes(rule));
    const afterMs = result?.firstViolationAfterMs;
    if (found === undefined || afterMs === undefined) missed += 1;
    lines.push(
      found === undefined || afterMs === undefined
        ? `MISSED ${bug.name}`
        : `caught ${bug.name.padEnd(28)} after ${Math.round(afterMs / 1000)} s by ${found.guarantee} ${found.rule}`,
    );
  }
  console.log(`\nseed ${values.seed}\n${lines.join('\n')}`);
  writeReport({ seed: values.seed, bugs: reports });
  return missed === 0 ? 0 : 1;
}

async function runOnce(): Promise<number> {
  const bug = values.bug === undefined ? undefined : findBug(values.bug);
  const results = await runAll(values.seed, bug, minutes * 60_000);
  printReport(results, log);
  writeReport(buildReport(values.seed, bug?.name, results));
  console.log(`seed ${values.seed}`);
  return results.some(({ violations }) => violations.length > 0) ? 1 : 0;
}

console.log(`seed ${values.seed}`);
try {
  process.exit(await (values['prove-bugs'] ? proveBugs() : runOnce()));
} catch (error) {
  console.error(error instanceof Error ? error.message : 'unknown error');
  process.exit(2);
}
