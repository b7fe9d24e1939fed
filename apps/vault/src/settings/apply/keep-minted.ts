import {
  accessSync,
  closeSync,
  constants,
  existsSync,
  fchmodSync,
  fsyncSync,
  openSync,
  writeSync,
} from 'node:fs';
import { join, resolve } from 'node:path';
import { ConfigurationError } from '../../keys/configuration-error.js';
import type { ApplyResult } from './apply-settings.js';

/** One value that the vault made while it applied settings. */
export interface MintedValue {
  readonly app: string;
  readonly kind: 'api_key' | 'webhook_secret';
  readonly name: string;
  readonly value: string;
}

const fileName = 'minted-secrets.jsonl';

/** Every value that was made; none the second time. */
export function listMinted(apps: ApplyResult['apps']): MintedValue[] {
  return apps.flatMap(({ slug: app, api_keys: keys, webhooks }) => [
    ...keys.flatMap(({ name, value }) => (value ? [{ app, kind: 'api_key' as const, name, value }] : [])),
    ...webhooks.flatMap(({ name, secret }) =>
      secret ? [{ app, kind: 'webhook_secret' as const, name, value: secret }] : [],
    ),
  ]);
}

/** Checks that `keepMinted` can write, before anything is made that exists nowhere else. Throws ConfigurationError. */
export function checkMintedFile(dataDir: string): void {
  const path = resolve(dataDir, fileName);
  try {
    accessSync(dataDir, constants.W_OK);
    if (existsSync(path)) accessSync(path, constants.W_OK);
  } catch (error) {
    throw new ConfigurationError(`${path} cannot be written (${readCode(error)}); made keys would be lost.`);
  }
}

/**
 * Appends values to a file in the data directory that only its owner may read, one JSON object a line, and gives its path. A server's
 * standard output is no place for them: it ends in journals that others read and keep (K6). Throws ConfigurationError.
 */
export function keepMinted(dataDir: string, values: readonly MintedValue[], nowMs: number): string {
  const path = join(resolve(dataDir), fileName);
  const made_at = new Date(nowMs).toISOString();
  const text = values.map((value) => `${JSON.stringify({ made_at, ...value })}\n`).join('');
  const { O_WRONLY, O_APPEND, O_CREAT, O_NOFOLLOW } = constants;
  try {
    const file = openSync(path, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW, 0o600);
    try {
      fchmodSync(file, 0o600);
      writeSync(file, text);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
  } catch (error) {
    const names = values.map(({ app, kind, name }) => `${kind} "${name}" of app "${app}"`).join(', ');
    throw new ConfigurationError(
      `${path} could not be written (${readCode(error)}), so what was made is lost: ${names}. Give these another name in the file, or values of your own.`,
    );
  }
  return path;
}

function readCode(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
}
