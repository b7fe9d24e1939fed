import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { createWriteStream, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { findFreePort } from '../../harness/machine/ports.js';
import { describePlace } from '../../harness/vault-process.js';
import type { VaultBuild } from './vault-build.js';

/** One vault of the run: a process, or its successors after each end. */
export interface FleetVault {
  readonly index: number;
  readonly url: string;
  readonly dataDir: string;
  /** Undefined while there is no process. */
  pid(): number | undefined;
  isReady(): boolean;
  signal(signal: NodeJS.Signals): void;
  /** Ends the process at once; it is started again after `restartAfterMs`. */
  kill(restartAfterMs: number): void;
  /** Moves the clock of the process to `seconds` from the real time; it notices within a second. */
  setClock(seconds: number): void;
  alter(...args: string[]): Promise<{ status: number; output: string }>;
}

/** All vaults of the run. */
export interface VaultFleet {
  readonly vaults: readonly FleetVault[];
  close(): Promise<void>;
}

/** How the vaults are run. */
export interface FleetOptions {
  readonly build: VaultBuild;
  readonly folder: string;
  readonly config: Record<string, unknown>;
  /** One per vault; undefined: SQLite in its data directory. */
  readonly databaseUrls: readonly (string | undefined)[];
  readonly dataDirs?: readonly string[];
  readonly faketime: string | undefined;
  /** Hears of a process that ended without being told to. `output` is the end of what it wrote. */
  readonly onUnexpectedEnd: (vault: number, code: number | null, output: string) => void;
}

/** Starts them, and starts again whichever ends, as any supervisor does. */
export async function startVaultFleet(options: FleetOptions): Promise<VaultFleet> {
  let isClosing = false;
  const rootKeyFile = join(options.folder, 'root.key');
  const configFile = join(options.folder, 'vault.json');
  writeFileSync(configFile, JSON.stringify(options.config), { mode: 0o600 });
  const stops: (() => Promise<void>)[] = [];

  async function startOne(index: number): Promise<FleetVault> {
    const port = await findFreePort();
    const url = `http://localhost:${port}`;
    const dataDir = options.dataDirs?.[index] ?? join(options.folder, `vault-${index}`);
    mkdirSync(dataDir, { recursive: true });
    const log = createWriteStream(join(options.folder, `vault-${index}.log`), { flags: 'a' });
    const clockFile = join(options.folder, `clock-${index}`);
    writeFileSync(clockFile, '+0\n');
    const databaseUrl = options.databaseUrls[index];
    const env = {
      ...describePlace({ port, url, dataDir, configFile, databaseUrl }),
      ALTER_VAULT_ROOT_KEY_FILE: rootKeyFile,
    };
    const clock =
      options.faketime === undefined
        ? {}
        : {
            LD_PRELOAD: options.faketime,
            FAKETIME_TIMESTAMP_FILE: clockFile,
            FAKETIME_DONT_FAKE_MONOTONIC: '1',
            FAKETIME_CACHE_DURATION: '1',
          };
    let child: ChildProcess | undefined;
    let isReady = false;
    let isWanted = true;
    let tail = '';

    function launch(): void {
      const started = spawn(process.execPath, [options.build.serverFile], {
        env: { ...env, ...clock },
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      child = started;
      let wasReady = false;
      let restartAfterMs = 1_000;
      const hear = (chunk: Buffer): void => {
        log.write(chunk);
        tail = (tail + chunk.toString()).slice(-4_000);
        if (wasReady || !/^ready /m.test(tail)) return;
        wasReady = true;
        isReady = true;
      };
      tail = '';
      started.stdout?.on('data', hear);
      started.stderr?.on('data', hear);
      started.once('exit', (code, signal) => {
        log.write(`\n-- ended with ${signal ?? code}\n`);
        child = undefined;
        isReady = false;
        if (isClosing) return;
        // Without a database there is no start: that is for the supervisor to try again.
        if (isWanted && wasReady && signal !== 'SIGKILL') options.onUnexpectedEnd(index, code, tail);
        if (!isWanted) restartAfterMs = pauseMs;
        isWanted = true;
        setTimeout(() => {
          if (!isClosing) launch();
        }, restartAfterMs);
      });
    }
    let pauseMs = 1_000;

    launch();
    stops.push(async () => {
      const last = child;
      if (last === undefined) return;
      const ended = new Promise<void>((resolve) => last.once('exit', () => resolve()));
      last.kill('SIGCONT');
      last.kill('SIGTERM');
      const late = setTimeout(() => last.kill('SIGKILL'), 20_000);
      await ended;
      clearTimeout(late);
      log.end();
    });
    const vault: FleetVault = {
      index,
      url,
      dataDir,
      pid: () => child?.pid,
      isReady: () => isReady,
      signal: (signal) => void child?.kill(signal),
      kill(restartAfterMs) {
        if (child === undefined) return;
        pauseMs = restartAfterMs;
        isWanted = false;
        child.kill('SIGKILL');
      },
      setClock: (seconds) => writeFileSync(clockFile, `${seconds < 0 ? '-' : '+'}${Math.abs(seconds)}\n`),
      alter: (...args) =>
        new Promise((resolve) => {
          const file = options.build.commandFile;
          execFile(process.execPath, [file, ...args], { env, timeout: 120_000 }, (error, stdout, stderr) => {
            const code = error === null ? 0 : typeof error.code === 'number' ? error.code : 1;
            resolve({ status: code, output: `${stdout}${stderr}`.trim() });
          });
        }),
    };
    for (const until = Date.now() + 30_000; !isReady; await sleep(50)) {
      if (Date.now() > until) throw new Error(`vault ${index} was not ready in time:\n${tail}`);
    }
    return vault;
  }

  const vaults: FleetVault[] = [];
  const close = async (): Promise<void> => {
    isClosing = true;
    await Promise.all(stops.map((stop) => stop()));
  };
  try {
    writeRootKey(rootKeyFile);
    for (const index of options.databaseUrls.keys()) vaults.push(await startOne(index));
  } catch (error) {
    await close();
    throw error;
  }
  return { vaults, close };
}

function writeRootKey(path: string): void {
  writeFileSync(path, Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString('base64'), {
    mode: 0o600,
  });
}
