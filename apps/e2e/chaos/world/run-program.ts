import { execFile, execFileSync } from 'node:child_process';

/** Who a program runs as. */
export interface Owner {
  readonly uid: number;
  readonly gid: number;
}

/** PostgreSQL refuses to run as root: then it runs as `postgres`. Undefined: as whoever runs the tester. */
export function findOwner(): Owner | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const ask = (flag: string) => Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' }).trim());
  return { uid: ask('-u'), gid: ask('-g') };
}

/** Runs a program to its end, and gives what it wrote. Rejects when it fails. */
export function runProgram(command: string, args: readonly string[], owner?: Owner): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(command, args, { ...owner, cwd: '/', timeout: 60_000 }, (error, stdout, stderr) => {
      if (error) reject(new Error(`${command} ${args[0] ?? ''} failed: ${stderr || error.message}`));
      else resolve(stdout);
    });
  });
}
