import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** A real process that runs one script of this folder. */
export interface Child {
  readonly process: ChildProcess;
  /** Resolves when there are `count` lines of output that begin with `prefix`; rejects when the process ends before. */
  waitForLine(prefix: string, count?: number): Promise<string>;
  /** Resolves with exit code (or signal) and everything that was printed. */
  waitForEnd(): Promise<{ code: number | string; lines: string[] }>;
}

/** Starts `test/children/NAME.ts` with one JSON argument. */
export function startChild(name: string, argument: unknown): Child {
  const hooks = new URL('./typescript-hooks.mjs', import.meta.url).href;
  const script = fileURLToPath(new URL(`./${name}.ts`, import.meta.url));
  const child = spawn(process.execPath, ['--import', hooks, script, JSON.stringify(argument)], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const lines: string[] = [];
  const waiting = new Set<() => void>();
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on('line', (line) => {
      lines.push(line);
      for (const wake of waiting) wake();
    });
  }
  const end = once(child, 'close').then(([code, signal]) => ({
    code: (code ?? signal) as number | string,
    lines,
  }));
  return {
    process: child,
    waitForEnd: () => end,
    waitForLine: (prefix, count = 1) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          const line = lines.filter((candidate) => candidate.startsWith(prefix))[count - 1];
          if (line === undefined) return;
          waiting.delete(look);
          resolve(line);
        };
        waiting.add(look);
        look();
        void end.then(() => reject(new Error(`the process ended without "${prefix}": ${lines.join('\n')}`)));
      }),
  };
}
