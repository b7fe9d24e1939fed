import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findFreePort } from './machine/ports.js';

/** The root of the repository, from the sources as from the built files. */
export const repositoryRoot = findRoot(dirname(fileURLToPath(import.meta.url)));
const serverFile = join(repositoryRoot, 'apps', 'vault', 'dist', 'main.js');
const commandFile = join(repositoryRoot, 'apps', 'vault', 'dist', 'cli', 'main.js');

/** A vault that runs as its own process. */
export interface VaultProcess {
  /** Public URL; `localhost`, so that pages on 127.0.0.1 are on another site. */
  readonly url: string;
  readonly dataDir: string;
  readonly child: ChildProcess;
  /** Everything it has written to stdout and stderr. */
  output(): string;
  /** Runs the `alter` command against it. */
  alter(...args: string[]): { status: number; stdout: string; stderr: string };
  /** The same while the test goes on, with some variables of its environment changed. */
  alterWith(
    changes: Record<string, string>,
    ...args: string[]
  ): Promise<{ status: number; stdout: string; stderr: string }>;
  /** SIGTERM, then its exit code. */
  stop(): Promise<number | null>;
  kill(signal: NodeJS.Signals): void;
}

/** How to start a vault. */
export interface VaultProcessOptions {
  /** The vault as one file. */
  readonly config: Record<string, unknown>;
  /** Values that `{ env: NAME }` in the file means. */
  readonly env?: Record<string, string>;
  readonly port?: number;
  readonly dataDir?: string;
  readonly databaseUrl?: string;
  readonly publicUrl?: string;
}

/** The environment of a vault in development mode: where it listens, and where its things are. */
export function describePlace(place: {
  readonly port: number;
  readonly url: string;
  readonly dataDir: string;
  readonly configFile: string;
  /** Undefined: SQLite in the data directory. */
  readonly databaseUrl: string | undefined;
}): NodeJS.ProcessEnv {
  return {
    PATH: process.env.PATH,
    HOME: process.env.HOME,
    PORT: String(place.port),
    HOST: '127.0.0.1',
    ALTER_VAULT_ENV: 'development',
    ALTER_VAULT_DATA_DIR: place.dataDir,
    ALTER_VAULT_PUBLIC_URL: place.url,
    ALTER_VAULT_CONFIG_FILE: place.configFile,
    ...(place.databaseUrl === undefined ? {} : { DATABASE_URL: place.databaseUrl }),
  };
}

/** Starts a vault in development mode and waits until it is ready. */
export async function startVaultProcess(options: VaultProcessOptions): Promise<VaultProcess> {
  const port = options.port ?? (await findFreePort());
  const dataDir = options.dataDir ?? mkdtempSync(join(tmpdir(), 'alter-e2e-'));
  const configFile = join(dataDir, 'vault.json');
  writeFileSync(configFile, JSON.stringify(options.config), { mode: 0o600 });
  const url = options.publicUrl ?? `http://localhost:${port}`;
  const { databaseUrl } = options;
  const env = { ...describePlace({ port, url, dataDir, configFile, databaseUrl }), ...options.env };
  const child = spawn(process.execPath, [serverFile], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  const ready = new Promise<void>((resolve, reject) => {
    const look = (chunk: Buffer) => {
      output += chunk.toString();
      if (/\bready\b/.test(output)) resolve();
    };
    child.stdout.on('data', look);
    child.stderr.on('data', look);
    child.once('exit', (code) =>
      reject(new Error(`the vault ended with ${code} before it was ready:\n${output}`)),
    );
    setTimeout(() => reject(new Error(`the vault was not ready in time:\n${output}`)), 30_000).unref();
  });
  const exited = new Promise<number | null>((resolve) => child.once('exit', (code) => resolve(code)));
  try {
    await ready;
  } catch (error) {
    child.kill('SIGKILL');
    throw error;
  }
  return {
    url,
    dataDir,
    child,
    output: () => output,
    alter(...args) {
      const result = spawnSync(process.execPath, [commandFile, ...args], {
        env: { ...env, ALTER_BASE_URL: url },
        encoding: 'utf8',
        timeout: 60_000,
      });
      return { status: result.status ?? -1, stdout: result.stdout, stderr: result.stderr };
    },
    alterWith: (changes, ...args) =>
      new Promise((resolve) => {
        const command = spawn(process.execPath, [commandFile, ...args], {
          env: { ...env, ALTER_BASE_URL: url, ...changes },
          stdio: ['ignore', 'pipe', 'pipe'],
        });
        let [stdout, stderr] = ['', ''];
        command.stdout.on('data', (chunk: Buffer) => (stdout += chunk));
        command.stderr.on('data', (chunk: Buffer) => (stderr += chunk));
        command.once('close', (code) => resolve({ status: code ?? -1, stdout, stderr }));
      }),
    stop() {
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM');
      return exited;
    },
    kill: (signal) => void child.kill(signal),
  };
}

function findRoot(folder: string): string {
  return existsSync(join(folder, 'pnpm-workspace.yaml')) ? folder : findRoot(dirname(folder));
}
