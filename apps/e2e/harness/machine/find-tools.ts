import { existsSync, readdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** What of the machine a run can use; each that is missing is a fault that is skipped. */
export interface MachineTools {
  /** Folder with initdb, pg_ctl and, for a standby, pg_basebackup; undefined: no PostgreSQL here. */
  readonly postgres: string | undefined;
  readonly pgbouncer: string | undefined;
  /** The library that steps a process's clock while it runs. */
  readonly faketime: string | undefined;
  readonly prlimit: string | undefined;
}

/** Looks for them. `POSTGRES_BIN` names a folder of PostgreSQL's programs. */
export function findTools(): MachineTools {
  return {
    postgres: findPostgres(),
    pgbouncer: findProgram('pgbouncer'),
    faketime: findFaketime(),
    prlimit: process.platform === 'linux' ? findProgram('prlimit') : undefined,
  };
}

function findPostgres(): string | undefined {
  const given = process.env.POSTGRES_BIN;
  if (given) return given;
  const base = '/usr/lib/postgresql';
  if (!existsSync(base)) return undefined;
  const versions = readdirSync(base).sort((left, right) => Number(right) - Number(left));
  return versions
    .map((version) => join(base, version, 'bin'))
    .find((folder) => existsSync(join(folder, 'initdb')));
}

function findProgram(name: string): string | undefined {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/usr/bin'];
  return folders.map((folder) => join(folder, name)).find((path) => existsSync(path));
}

function findFaketime(): string | undefined {
  if (process.platform !== 'linux') return undefined;
  const base = '/usr/lib';
  const folders = readdirSync(base).filter((name) => name.endsWith('-linux-gnu'));
  return folders
    .map((name) => join(base, name, 'faketime', 'libfaketimeMT.so.1'))
    .find((path) => existsSync(path));
}
