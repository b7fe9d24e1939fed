import { existsSync, linkSync, mkdirSync, readFileSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { generateRootKey, parseRootKey, type RootKey, RootKeyError } from '@alter-ai/core-crypto';
import { ConfigurationError } from './configuration-error.js';

/** The root key and where it came from; `path` is the file, where it came from one. */
export interface ResolvedRootKey {
  readonly rootKey: RootKey;
  readonly source: 'environment' | 'file' | 'development_file' | 'generated';
  readonly path: string | null;
}

/**
 * Finds the root key (K4): the value of ALTER_VAULT_ROOT_KEY, else the file of ALTER_VAULT_ROOT_KEY_FILE, else, in development only,
 * `root.key` in the data directory, which is made (0600) when neither it nor a database is there.
 * Throws ConfigurationError, whose message never holds the value.
 */
export function resolveRootKey(options: {
  envValue: string | undefined;
  file: string | undefined;
  isDevelopment: boolean;
  dataDir: string;
}): ResolvedRootKey {
  const { envValue, file, isDevelopment, dataDir } = options;
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
  if (!isDevelopment) throw new ConfigurationError(describeMissing(dataDir));
  return resolveDevelopmentKey(dataDir);
}

function resolveDevelopmentKey(dataDir: string): ResolvedRootKey {
  const path = join(dataDir, 'root.key');
  if (existsSync(path)) {
    return { rootKey: parseKey(readKeyFile(path, path), path), source: 'development_file', path };
  }
  if (existsSync(join(dataDir, 'vault.db'))) {
    throw new ConfigurationError(
      `The root key file ${path} is gone, but the database beside it was sealed with it. Put it back, set ALTER_VAULT_ROOT_KEY, or use an empty ALTER_VAULT_DATA_DIR.`,
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

function describeMissing(dataDir: string): string {
  const file = join(dataDir, 'root.key');
  return [
    'There is no root key, and the server does not start without one. Make one and keep it safe, since without it nothing can be opened:',
    '  export ALTER_VAULT_ROOT_KEY="$(openssl rand -base64 32)"',
    'or keep it in a file:',
    `  (umask 077 && openssl rand -base64 32 > ${file}) && export ALTER_VAULT_ROOT_KEY_FILE=${file}`,
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
    throw new ConfigurationError(`${name}: ${error.message} This makes a new one: openssl rand -base64 32`);
  }
}
