/** A transit engine that keeps root keys, as the environment names it. */
export interface TransitSettings {
  readonly url: string;
  readonly mount: string;
  readonly namespace: string | undefined;
  /** Name of the key. */
  readonly key: string;
  /** Earlier keys of the same engine, during a rotation. */
  readonly previousKeys: readonly string[];
  readonly tokenFile: string;
  readonly caFile: string | undefined;
  /** False: what was wrapped there opens, new things are wrapped by the root key of environment or file. */
  readonly isCurrent: boolean;
  /** Whether each app has a key of its own there. */
  readonly hasKeyPerApp: boolean;
}

/** Reads variables of the environment; problems are reported by name and never with a value. */
interface SettingsSource {
  readonly read: (name: string) => string | undefined;
  readonly readList: (name: string) => string[];
  readonly problems: string[];
}

/** The settings of a key service, for the environment's table. */
export const keySettingsTable: readonly (readonly [name: string, fallback: string, meaning: string])[] = [
  ['ALTER_VAULT_KMS_URL', '', 'OpenBao or Vault whose transit engine keeps the root key: https://host:port'],
  ['ALTER_VAULT_KMS_KEY', '', 'name of the key there'],
  ['ALTER_VAULT_KMS_TOKEN_FILE', '', 'file that holds the token'],
  ['ALTER_VAULT_KMS_MOUNT', 'transit', 'path of the transit engine'],
  ['ALTER_VAULT_KMS_NAMESPACE', '', 'namespace of the transit engine'],
  ['ALTER_VAULT_KMS_CA_FILE', '', 'certificate authorities in PEM, in place of the system ones'],
  ['ALTER_VAULT_KMS_KEY_PREVIOUS', '', 'comma-separated earlier keys there, during a rotation'],
  [
    'ALTER_VAULT_KMS_USE',
    'current',
    'current | previous; previous only opens, while moving back to a root key',
  ],
  [
    'ALTER_VAULT_KMS_APP_KEYS',
    'one',
    'one | each; each gives every app a key of its own there, so that it can be shredded',
  ],
  [
    'ALTER_VAULT_APP_KEY_DIR',
    '',
    'folder with a key file for each app, kept out of backups, so that it can be shredded',
  ],
];

const pathPattern = /^[A-Za-z0-9_.-]+(\/[A-Za-z0-9_.-]+)*$/;
const namePattern = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}$/;
const loopbackHosts = new Set(['localhost', '127.0.0.1', '[::1]']);

/** Reads and checks the settings of a key service; undefined when there is none. */
export function readTransitSettings(
  source: SettingsSource,
  options: { isDevelopment: boolean; hasRootKey: boolean },
): TransitSettings | undefined {
  const { read, problems } = source;
  const url = read('ALTER_VAULT_KMS_URL');
  if (url === undefined) {
    for (const [name] of keySettingsTable) {
      if (name.startsWith('ALTER_VAULT_KMS_') && read(name) !== undefined)
        problems.push(`${name}: needs ALTER_VAULT_KMS_URL`);
    }
    return undefined;
  }
  const key = read('ALTER_VAULT_KMS_KEY') ?? '';
  const previousKeys = source.readList('ALTER_VAULT_KMS_KEY_PREVIOUS');
  const tokenFile = read('ALTER_VAULT_KMS_TOKEN_FILE') ?? '';
  const mount = read('ALTER_VAULT_KMS_MOUNT') ?? 'transit';
  const namespace = read('ALTER_VAULT_KMS_NAMESPACE');
  const use = read('ALTER_VAULT_KMS_USE') ?? 'current';
  const appKeys = read('ALTER_VAULT_KMS_APP_KEYS') ?? 'one';
  if (!isUsableUrl(url, options.isDevelopment)) {
    problems.push('ALTER_VAULT_KMS_URL: must be an https origin such as https://bao.example.com:8200');
  }
  if (!namePattern.test(key)) problems.push('ALTER_VAULT_KMS_KEY: must be the name of a key');
  if (!previousKeys.every((name) => namePattern.test(name)))
    problems.push('ALTER_VAULT_KMS_KEY_PREVIOUS: must be names of keys');
  if (tokenFile === '') problems.push('ALTER_VAULT_KMS_TOKEN_FILE: must be the file that holds the token');
  if (!pathPattern.test(mount) || mount.length > 60) problems.push('ALTER_VAULT_KMS_MOUNT: must be a path');
  if (namespace !== undefined && (!pathPattern.test(namespace) || namespace.length > 60))
    problems.push('ALTER_VAULT_KMS_NAMESPACE: must be a path');
  if (use !== 'current' && use !== 'previous')
    problems.push('ALTER_VAULT_KMS_USE: must be one of current, previous');
  if (appKeys !== 'one' && appKeys !== 'each')
    problems.push('ALTER_VAULT_KMS_APP_KEYS: must be one of one, each');
  if (use === 'current' && options.hasRootKey) {
    problems.push(
      'ALTER_VAULT_KMS_URL: give either a root key or a key service; the one to move away from goes into ALTER_VAULT_ROOT_KEY_PREVIOUS, or gets ALTER_VAULT_KMS_USE=previous',
    );
  }
  return {
    url: url.replace(/\/$/, ''),
    mount,
    namespace,
    key,
    previousKeys: Object.freeze(previousKeys),
    tokenFile,
    caFile: read('ALTER_VAULT_KMS_CA_FILE'),
    isCurrent: use === 'current',
    hasKeyPerApp: appKeys === 'each',
  };
}

function isUsableUrl(text: string, isDevelopment: boolean): boolean {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || url.origin !== text.replace(/\/$/, '')) return false;
  return (
    url.protocol === 'https:' ||
    (isDevelopment && url.protocol === 'http:' && loopbackHosts.has(url.hostname))
  );
}
