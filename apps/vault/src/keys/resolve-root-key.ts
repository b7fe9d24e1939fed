import { existsSync, linkSync, mkdirSync, readFileSync, unlinkSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { generateRootKey, parseRootKey, type RootKey, RootKeyError } from '@alter-ai/core-crypto';
import { ConfigurationError } from './configuration-error.js';

/** The root key and where it came from; `path` is the file, where it came from one. */
export interface ResolvedRootKey {
  readonly rootKey: RootKey;
  readonly source: 'environment' | 'file' | 'development_file' | 'generated';
  readonly path: string | null;
}

/**
 * What a root key is wanted for: a server's start, which may be the first of a new vault; a command that may begin a new vault; or
 * data that are there already (a database, a backup), which no new key would ever open.
 */
export type RootKeyPurpose = 'serve' | 'begin' | 'open';

/**
 * Finds the root key (K4): the value of ALTER_VAULT_ROOT_KEY, else the file of ALTER_VAULT_ROOT_KEY_FILE, else, in development only,
 * `root.key` in the data directory, which is made (0600) when neither it nor any data are there.
 * Throws ConfigurationError, whose message never holds the value, and speaks of a new key only where there is nothing yet to open.
 */
export function resolveRootKey(options: {
  envValue: string | undefined;
  file: string | undefined;
  isDevelopment: boolean;
  dataDir: string;
  purpose?: RootKeyPurpose;
  /** Whether the database is PostgreSQL; nobody has looked into it yet. */
  isDatabaseElsewhere?: boolean;
}): ResolvedRootKey {
  const { envValue, file, isDevelopment, dataDir, purpose = 'serve', isDatabaseElsewhere = false } = options;
  if (envValue !== undefined && file !== undefined) {
    throw new ConfigurationError('Set ALTER_VAULT_ROOT_KEY or ALTER_VAULT_ROOT_KEY_FILE, not both.');
  }
  if (envValue !== undefined) {
    return { rootKey: parseKey(envValue, 'ALTER_VAULT_ROOT_KEY'), source: 'environment', path: null };
  }
  if (file !== undefined) {
    const name = `ALTER_VAULT_ROOT_KEY_FILE (${file})`;
    return { rootKey: parseKey(readKeyFile(file, name), name), source: 'file', path: file };
  }
  if (!isDevelopment) throw new ConfigurationError(describeMissing(dataDir, purpose, isDatabaseElsewhere));
  return resolveDevelopmentKey(dataDir, purpose);
}

function resolveDevelopmentKey(dataDir: string, purpose: RootKeyPurpose): ResolvedRootKey {
  const path = join(dataDir, 'root.key');
  if (existsSync(path)) {
    return { rootKey: parseKey(readKeyFile(path, path), path), source: 'development_file', path };
  }
  if (existsSync(join(dataDir, 'vault.db'))) {
    throw new ConfigurationError(
      `The root key file ${path} is gone, but the database beside it was sealed with it. Put it back, set ALTER_VAULT_ROOT_KEY, or use an empty ALTER_VAULT_DATA_DIR.`,
    );
  }
  if (purpose === 'open') {
    throw new ConfigurationError(
      `There is no root key: neither ${resolve(path)} nor a setting. Set ALTER_VAULT_ROOT_KEY_FILE to the file of the one that these data were made with; no other opens them.`,
    );
  }
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  // Written whole before it gets its name: another process that starts at the same time sees all of it or nothing.
  const draft = `${path}.${process.pid}`;
  writeFileSync(draft, `${generateRootKey()}\n`, { mode: 0o600, flag: 'wx' });
  try {
    linkSync(draft, path);
  } catch (error) {
    if (!existsSync(path)) throw error;
  } finally {
    unlinkSync(draft);
  }
  return { rootKey: parseKey(readKeyFile(path, path), path), source: 'generated', path };
}

function describeMissing(dataDir: string, purpose: RootKeyPurpose, isDatabaseElsewhere: boolean): string {
  const developmentKey = resolve(dataDir, 'root.key');
  if (existsSync(developmentKey)) {
    return `No root key is set, but there is one in ${developmentKey}: set ALTER_VAULT_ENV=development, which uses it, or ALTER_VAULT_ROOT_KEY_FILE=${developmentKey}.`;
  }
  if (purpose !== 'serve' || existsSync(join(dataDir, 'vault.db'))) {
    return 'No root key is set. Set ALTER_VAULT_ROOT_KEY_FILE (or ALTER_VAULT_ROOT_KEY) as the server has it: data open with the root key that they were made with, and with no other.';
  }
  return [
    'No root key is set, and the server does not start without one. Set ALTER_VAULT_ROOT_KEY_FILE to its file.',
    `For a new vault${isDatabaseElsewhere ? ' (not if DATABASE_URL holds one already: its own key is the only one that opens it)' : ''}, this makes a key outside the data folder, and replaces no file. Keep a copy in another place; nothing opens without it:`,
    '  (umask 077; set -C; openssl rand -base64 32 > "$HOME/alter-vault-root.key") && export ALTER_VAULT_ROOT_KEY_FILE="$HOME/alter-vault-root.key"',
  ].join('\n');
}

function readKeyFile(path: string, name: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
    throw new ConfigurationError(`${name} cannot be read (${code}).`);
  }
}

/** Reads one root key. Throws ConfigurationError that names where it came from. */
export function parseKey(text: string, name: string): RootKey {
  try {
    return parseRootKey(text);
  } catch (error) {
    if (!(error instanceof RootKeyError)) throw error;
    throw new ConfigurationError(`${name}: ${error.message}`);
  }
}
