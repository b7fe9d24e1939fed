import type { VaultDeps } from '../../deps.js';
import { listProcesses, measureClockSkew, type ProcessRow } from '../../storage/settings/process-rows.js';
import type { DoctorCheck } from './doctor-check.js';

/** Deadlines are in the database's time, so that this much matters to nobody but readers of the log. */
const skewMsOk = 2_000;
/** Signed requests may be off by 300 s in all: a server that is off by a fifth of it leaves its callers little. */
const skewMsMax = 60_000;

/** This process's clock against the database's, and the clocks of all processes. */
export async function checkClock(
  deps: Pick<VaultDeps, 'storage' | 'clock' | 'processId'>,
): Promise<DoctorCheck[]> {
  const skewMs = await measureClockSkew(deps.storage, deps.clock);
  const own: DoctorCheck = {
    name: 'clock',
    status: judgeSkew(skewMs),
    message: `${new Date(deps.clock()).toISOString()}, ${describeSkew(skewMs)}`,
  };
  if (deps.storage.kind === 'sqlite') return [own];
  return [own, judgeProcesses(await listProcesses(deps.storage))];
}

/** Judges what the processes say of themselves. */
export function judgeProcesses(processes: readonly ProcessRow[]): DoctorCheck {
  const name = 'processes';
  if (processes.length === 0) return { name, status: 'info', message: 'no server runs on this database' };
  const worst = processes.reduce((found, each) =>
    Math.abs(each.clock_skew_ms) > Math.abs(found.clock_skew_ms) ? each : found,
  );
  const versions = [...new Set(processes.map((each) => each.version))];
  const parts = [`${processes.length} running`, `clocks at most ${Math.abs(worst.clock_skew_ms)} ms off`];
  const skew = judgeSkew(worst.clock_skew_ms);
  if (skew !== 'ok')
    parts.push(`process ${worst.id} is ${describeSkew(worst.clock_skew_ms)}: check its time service`);
  if (versions.length > 1) parts.push(`of versions ${versions.join(' and ')}: finish the upgrade`);
  return {
    name,
    status: skew === 'ok' && versions.length > 1 ? 'warning' : skew,
    message: parts.join('; '),
  };
}

function judgeSkew(skewMs: number): 'ok' | 'warning' | 'failed' {
  if (Math.abs(skewMs) <= skewMsOk) return 'ok';
  return Math.abs(skewMs) <= skewMsMax ? 'warning' : 'failed';
}

function describeSkew(skewMs: number): string {
  if (skewMs === 0) return "as the database's";
  return `${Math.abs(skewMs)} ms ${skewMs > 0 ? 'ahead of' : 'behind'} the database's`;
}
