import type { VaultDeps } from '../../deps.js';
import { readSettingsFile } from '../file/read-file.js';
import type { VaultFile } from '../file/vault-file-schema.js';
import { applySettings } from './apply-settings.js';
import { checkMintedFile, keepMinted, listMinted } from './keep-minted.js';

/**
 * Applies the files of ALTER_VAULT_CONFIG_FILE at a server's start. What the vault makes for them (API keys, webhook secrets) goes
 * into a file, whose path is logged. Throws SettingsFileError, ConfigurationError.
 */
export async function applyAtStart(deps: VaultDeps): Promise<void> {
  const { config, log } = deps;
  if (config.configFiles.length === 0) return;
  const files: { label: string; file: VaultFile }[] = [];
  for (const path of config.configFiles) {
    const read = await readSettingsFile(path, config);
    for (const warning of read.warnings)
      log.warn({ file: warning.file, path: warning.path }, warning.message);
    files.push({ label: path, file: read.file });
  }
  if (files.some(({ file }) => mayMint(file))) checkMintedFile(config.dataDir);
  const result = await applySettings(deps, { files, isPruning: false, appliedBy: 'configuration file' });
  const changed = result.changes.filter((change) => change.action !== 'unchanged').length;
  log.info({ files: config.configFiles, changed }, 'settings applied');
  const minted = listMinted(result.apps);
  if (minted.length === 0) return;
  const path = keepMinted(config.dataDir, minted, deps.clock());
  for (const { app, kind, name } of minted)
    log.warn({ app, kind, name, path }, 'made; its value is in the file, and nowhere else');
}

function mayMint({ apps }: VaultFile): boolean {
  return apps.some(
    (app) =>
      app.api_keys?.some(({ value }) => value === undefined) === true ||
      app.webhooks?.some(({ secret }) => secret === undefined) === true,
  );
}
