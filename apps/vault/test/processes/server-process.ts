import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

// What users run: the build, which goes before the tests.
const builtFile = (path: string) => fileURLToPath(new URL(`../../dist/${path}`, import.meta.url));

/** A program of the vault as a real process. */
export interface RunningProgram {
  readonly process: ChildProcess;
  /** Everything printed so far, on both streams. */
  output(): string;
  /** Resolves with the address once the server is ready; rejects when it ends before. */
  ready(): Promise<string>;
  /** Resolves with the exit code and everything that was printed. */
  end(): Promise<{ code: number | null; stdout: string; stderr: string }>;
}

/** Starts the server or the `alter` command with only this environment. */
export function startProgram(
  path: 'main.js' | 'cli/main.js',
  environment: Record<string, string>,
  args: readonly string[] = [],
): RunningProgram {
  const child = spawn(process.execPath, [builtFile(path), ...args], {
    env: { PATH: process.env.PATH ?? '', ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  const readyListeners = new Set<() => void>();
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
    for (const listener of readyListeners) listener();
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const ended = new Promise<{ code: number | null; stdout: string; stderr: string }>((resolve) => {
    child.once('close', (code) => resolve({ code, stdout, stderr }));
  });
  return {
    process: child,
    output: () => stdout + stderr,
    end: () => ended,
    ready: () =>
      new Promise((resolve, reject) => {
        const look = () => {
          const address = /^ready (\S+)$/m.exec(stdout)?.[1];
          if (address !== undefined) resolve(address);
        };
        readyListeners.add(look);
        look();
        void ended.then(() => reject(new Error(`not ready: ${stdout}${stderr}`)));
      }),
  };
}

/** A data directory of one test. */
export function makeFolder(): { path: string; remove: () => void } {
  const path = mkdtempSync(join(tmpdir(), 'alter-process-'));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}
