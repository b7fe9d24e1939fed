import { rmSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { runProgram } from './run-program.js';

/** A place for a SQLite file that can be filled up. */
export interface FillableDisk {
  readonly folder: string;
  /** How the disk is made full, for the report. */
  readonly method: string;
  fill(pid: number | undefined): Promise<void>;
  empty(pid: number | undefined): Promise<void>;
  close(): Promise<void>;
}

/** A small file system of its own where the tester may mount one, else a limit on the size of files (prlimit), else none. */
export async function prepareDisk(
  folder: string,
  prlimit: string | undefined,
): Promise<FillableDisk | undefined> {
  if (process.getuid?.() === 0) {
    try {
      await runProgram('mount', ['-t', 'tmpfs', '-o', 'size=192m,mode=700', 'alter-chaos', folder]);
      return createMountedDisk(folder);
    } catch {
      // No right to mount, as in most containers.
    }
  }
  if (prlimit === undefined) return undefined;
  const limit = (pid: number | undefined, size: string) =>
    pid === undefined ? Promise.resolve('') : runProgram(prlimit, [`--pid=${pid}`, `--fsize=${size}:`]);
  return {
    folder,
    method: 'limit of the file size',
    fill: async (pid) => void (await limit(pid, '4096')),
    empty: async (pid) => void (await limit(pid, 'unlimited')),
    close: async () => {},
  };
}

function createMountedDisk(folder: string): FillableDisk {
  const filler = join(folder, 'filler');
  return {
    folder,
    method: 'tmpfs that is full',
    async fill() {
      const { bavail, bsize } = statfsSync(folder);
      try {
        // More than there is room for, because others write meanwhile.
        writeFileSync(filler, Buffer.alloc((bavail + 64) * bsize));
      } catch (error) {
        if (!(error instanceof Error && 'code' in error && error.code === 'ENOSPC')) throw error;
      }
    },
    empty: async () => rmSync(filler, { force: true }),
    async close() {
      for (let tries = 0; tries < 20; tries += 1) {
        try {
          await runProgram('umount', [folder]);
          return;
        } catch {
          await sleep(250);
        }
      }
    },
  };
}
