import type { VaultConfig } from '../../config.js';
import { ConfigurationError } from '../configuration-error.js';
import { parseKey, type RootKeyPurpose, resolveRootKey } from '../resolve-root-key.js';
import { createAppKeyFolder } from './app-key-folder.js';
import { createLocalRootKey } from './local-root-key.js';
import { createRootKeys, type RootKeyProvider, type RootKeys } from './root-key-provider.js';
import { createTransitClient } from './transit-client.js';
import { createTransitAppKeys, createTransitRootKey } from './transit-root-key.js';

/** The root keys of a configuration, and the file of one that was made just now. */
export interface OpenedRootKeys {
  readonly rootKeys: RootKeys;
  readonly generatedPath: string | null;
}

/**
 * Finds every root key that the configuration names: the current one, of environment, file or key service, and the previous ones.
 * Asks nobody yet. Throws ConfigurationError, whose message never holds a value.
 */
export function openRootKeys(config: VaultConfig, purpose: RootKeyPurpose = 'serve'): OpenedRootKeys {
  const { keyService, appKeyDir } = config;
  const transit = keyService === undefined ? null : openTransit(config, keyService);
  const isTransitCurrent = keyService?.isCurrent === true;
  if (appKeyDir !== undefined && isTransitCurrent) {
    throw new ConfigurationError(
      'ALTER_VAULT_APP_KEY_DIR: belongs to a root key of environment or file; with a key service set ALTER_VAULT_KMS_APP_KEYS=each.',
    );
  }
  const previous = config.previousRootKeys.map((key) =>
    createLocalRootKey(parseKey(key.reveal(), 'ALTER_VAULT_ROOT_KEY_PREVIOUS')),
  );
  const withFolder = (key: RootKeyProvider) =>
    appKeyDir === undefined ? [] : [createAppKeyFolder(appKeyDir, key)];
  if (transit !== null && isTransitCurrent) {
    return {
      rootKeys: createRootKeys({
        forVault: transit.current,
        forApps: keyService.hasKeyPerApp ? transit.perApp : transit.current,
        others: [transit.perApp, ...transit.others, ...previous],
      }),
      generatedPath: null,
    };
  }
  const resolved = resolveRootKey({
    envValue: config.rootKey?.reveal(),
    file: config.rootKeyFile,
    isDevelopment: config.isDevelopment,
    dataDir: config.dataDir,
    purpose,
    isDatabaseElsewhere: config.databaseUrl !== undefined,
  });
  const current = createLocalRootKey(resolved.rootKey);
  const folders = [current, ...previous].flatMap(withFolder);
  const [forApps = current] = folders;
  return {
    rootKeys: createRootKeys({
      forVault: current,
      forApps,
      others: [
        ...previous,
        ...folders,
        ...(transit === null ? [] : [transit.current, transit.perApp, ...transit.others]),
      ],
    }),
    generatedPath: resolved.source === 'generated' ? resolved.path : null,
  };
}

function openTransit(config: VaultConfig, settings: NonNullable<VaultConfig['keyService']>) {
  const { mount, namespace } = settings;
  const client = createTransitClient({ ...settings, isDevelopment: config.isDevelopment });
  const engines = settings.previousKeys.map((name) => ({ client, mount, namespace, name }));
  const engine = { client, mount, namespace, name: settings.key };
  return {
    current: createTransitRootKey(engine),
    perApp: createTransitAppKeys(engine),
    others: engines.flatMap((each) => [createTransitRootKey(each), createTransitAppKeys(each)]),
  };
}
