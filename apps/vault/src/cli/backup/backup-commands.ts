import { existsSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import type { Command } from 'commander';
import { createBackup } from '../../backup/create-backup.js';
import type { BackupManifest } from '../../backup/manifest.js';
import { restoreBackup } from '../../backup/restore-backup.js';
import { recordRestore } from '../../backup/restore-note.js';
import { loadConfig } from '../../config.js';
import { openRootKeys } from '../../keys/root/open-root-keys.js';
import { checkVaultKey } from '../../keys/vault-key.js';
import { createLogger } from '../../logger.js';
import { openVault } from '../../open-vault.js';
import { BackupRefusedError } from '../../storage/backup/backup-facts.js';
import { vaultVersion } from '../../telemetry/vault-version.js';
import { exitCodes, printJson } from '../output.js';
import { CommandError, withVault } from '../run-command.js';

interface RestoreOptions {
  readonly serverWasStopped?: boolean;
  readonly json?: boolean;
}

/** `alter backup` and `alter restore`. */
export function addBackupCommands(program: Command): void {
  program
    .command('backup')
    .description('copy the whole database into one file, while servers work on it')
    .argument('<file>', 'a file that is not there yet')
    .option('--json', 'as JSON')
    .action((file: string, options: { json?: boolean }) => makeBackup(file, options.json === true));
  program
    .command('restore')
    .description('put a backup into an empty database')
    .argument('<file>')
    .option(
      '--server-was-stopped',
      'no server has run since the backup was made: requests are accepted at once, not only those signed 5 minutes from now',
    )
    .option('--json', 'as JSON')
    .action((file: string, options: RestoreOptions) => restore(file, options));
}

async function makeBackup(file: string, isJson: boolean): Promise<void> {
  const path = resolve(file);
  if (existsSync(path))
    throw new CommandError(`${path} is there already; a backup replaces no file.`, exitCodes.conflict);
  // On record first, so that the copy holds the record of its own making.
  const config = await withVault(async (client, loaded) => {
    await client.call('backup.begin', { file: basename(path) });
    return loaded;
  });
  const made = await createBackup({
    databaseUrl: config.databaseUrl?.reveal(),
    dataDir: config.dataDir,
    file: path,
    nowMs: Date.now(),
    madeBy: vaultVersion,
  }).catch(rethrow);
  if (isJson) {
    printJson({
      file: made.file,
      bytes: made.bytes,
      sha256: made.sha256,
      ...describeManifest(made.manifest),
    });
    return;
  }
  console.log(`${made.file}: ${made.bytes} bytes, SHA-256 ${made.sha256}`);
  console.log(
    `It opens with root key ${made.manifest.root_key_id}, which is not in it: keep that in another place.`,
  );
}

async function restore(file: string, options: RestoreOptions): Promise<void> {
  const config = loadConfig();
  // A new key would never be that of a backup.
  const { rootKeys } = openRootKeys(config, 'open');
  const manifest = await restoreBackup({
    file: resolve(file),
    databaseUrl: config.databaseUrl?.reveal(),
    dataDir: config.dataDir,
    nowMs: Date.now(),
    knowsAllNonces: options.serverWasStopped === true,
    checkVaultKey: (wrapped) => checkVaultKey(rootKeys, wrapped),
  }).catch(rethrow);
  const vault = await openVault(config, { log: createLogger('silent'), rootKeyPurpose: 'open' });
  try {
    await recordRestore(vault.deps);
    const { signedAfterSeconds } = vault.deps;
    const acceptedFrom =
      signedAfterSeconds === undefined ? null : new Date(signedAfterSeconds * 1000).toISOString();
    if (options.json) printJson({ ...describeManifest(manifest), requests_accepted_from: acceptedFrom });
    else printAdvice(manifest, acceptedFrom);
  } finally {
    await vault.close();
  }
}

function printAdvice(manifest: BackupManifest, acceptedFrom: string | null): void {
  console.log(`restored: the database as it was at ${manifest.made_at}`);
  if (acceptedFrom !== null) console.log(`Requests are accepted that are signed after ${acceptedFrom}.`);
  console.log(
    'Grants and API keys that were revoked after the backup are active again: revoke them once more. Then run alter doctor.',
  );
}

function describeManifest(manifest: BackupManifest) {
  const { made_at, database, root_key_id, migrations } = manifest;
  return { made_at, database, root_key_id, migrations };
}

function rethrow(error: unknown): never {
  if (!(error instanceof BackupRefusedError)) throw error;
  const isConflict = error.code === 'database_not_empty';
  throw new CommandError(error.message, isConflict ? exitCodes.conflict : exitCodes.error);
}
