import { type AdminClient, openAdminClient } from '../admin/admin-client.js';
import { OperationError } from '../admin/operation.js';
import { ConfigError, loadConfig, type VaultConfig } from '../config.js';
import { ConfigurationError } from '../keys/configuration-error.js';
import { SettingsFileError } from '../settings/file/settings-file-error.js';
import { exitCodes, findExitCode } from './output.js';

/** Something the command could not do; `exitCode` as in configuration.md. */
export class CommandError extends Error {
  readonly exitCode: number;

  constructor(message: string, exitCode: number = exitCodes.error) {
    super(message);
    this.name = 'CommandError';
    this.exitCode = exitCode;
  }
}

/** Does the work of one command with the vault: the running server's, or the one in the data directory, which `mayBegin` makes. */
export async function withVault<T>(
  work: (client: AdminClient, config: VaultConfig) => Promise<T>,
  options: { mayBegin?: boolean } = {},
): Promise<T> {
  const config = loadConfig();
  const client = await openAdminClient(config, options);
  try {
    return await work(client, config);
  } finally {
    await client.close();
  }
}

/** Says what went wrong, and answers the exit code. */
export function reportFailure(error: unknown): number {
  if (error instanceof CommandError) {
    console.error(error.message);
    return error.exitCode;
  }
  if (error instanceof OperationError) {
    console.error(error.message);
    return findExitCode(error.code);
  }
  const isOwn =
    error instanceof ConfigError ||
    error instanceof ConfigurationError ||
    error instanceof SettingsFileError ||
    (error instanceof Error &&
      (error.name === 'ServerAlreadyRunningError' || error.name === 'NewerDataError'));
  if (isOwn) console.error(error.message);
  else {
    const code = error instanceof Error && 'code' in error ? ` ${String(error.code)}` : '';
    console.error(`failed: ${error instanceof Error ? error.name : 'unknown error'}${code}`);
  }
  return exitCodes.error;
}
