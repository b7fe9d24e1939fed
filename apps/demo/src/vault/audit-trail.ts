import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

/** The newest audit records, as `alter audit tail --follow --json` prints them. */
export interface AuditTrail {
  /** What has been read so far, oldest first. The first call begins the reading; it goes on until `close`. */
  read(): readonly Record<string, unknown>[];
  close(): void;
}

/** How to start the command. */
export interface AuditTrailOptions {
  readonly command: string;
  readonly env: Readonly<Record<string, string>>;
  /** Records that are kept. */
  readonly recordsMax: number;
}

/** Makes a trail that starts the command when it is first asked, and again when the command has ended. */
export function createAuditTrail(options: AuditTrailOptions): AuditTrail {
  let child: ChildProcess | undefined;
  let records: Record<string, unknown>[] = [];

  function follow(): void {
    records = [];
    const args = ['audit', 'tail', '--lines', String(options.recordsMax), '--follow', '--json'];
    const started = spawn(process.execPath, [options.command, ...args], {
      env: { ...options.env },
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    child = started;
    const end = () => {
      if (child === started) child = undefined;
    };
    started.once('error', end);
    started.once('exit', end);
    createInterface({ input: started.stdout }).on('line', (line) => {
      // A warning of the runtime is no record.
      if (child !== started || !line.startsWith('{')) return;
      records.push(JSON.parse(line) as Record<string, unknown>);
      if (records.length > options.recordsMax) records.shift();
    });
  }

  return {
    read() {
      if (child === undefined) follow();
      return records;
    },
    close() {
      const last = child;
      child = undefined;
      last?.kill('SIGTERM');
    },
  };
}
