import { fork } from 'node:child_process';
import { join } from 'node:path';
import { repositoryRoot } from '../../harness/vault-process.js';
import { type CallerJob, type CallerReport, createReport } from './report.js';

const processCount = 2;
const programFile = join(repositoryRoot, 'apps', 'e2e', 'dist', 'figures', 'load', 'caller.js');

/** Makes all calls at once, from two client processes. */
export async function makeCalls(job: CallerJob): Promise<CallerReport> {
  const shares = Array.from({ length: processCount }, (_, share) => ({
    ...job,
    calls: job.calls.filter((_call, index) => index % processCount === share),
  }));
  return merge(await Promise.all(shares.map(runOne)));
}

function runOne(job: CallerJob): Promise<CallerReport> {
  const child = fork(programFile, { stdio: 'inherit' });
  return new Promise<CallerReport>((resolve, reject) => {
    child.once('message', (report) => resolve(report as CallerReport));
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`a client process ended with ${code}`)));
    child.send(job);
  }).finally(() => child.kill());
}

function merge(reports: readonly CallerReport[]): CallerReport {
  const whole = createReport();
  for (const report of reports) {
    for (const [grantId, counts] of Object.entries(report.outcomes)) {
      const sum = whole.outcomes[grantId] ?? { ok: 0, needsUser: 0, other: 0 };
      sum.ok += counts.ok;
      sum.needsUser += counts.needsUser;
      sum.other += counts.other;
      whole.outcomes[grantId] = sum;
    }
    for (const [reason, count] of Object.entries(report.retries)) {
      whole.retries[reason] = (whole.retries[reason] ?? 0) + count;
    }
    whole.inFlightMax += report.inFlightMax;
    whole.attempts += report.attempts;
    whole.unexpected.push(...report.unexpected);
    Object.assign(whole.tokens, report.tokens);
  }
  return whole;
}
