import { SecretValue } from '@alter-ai/core-crypto';
import ipaddr from 'ipaddr.js';
import { keySettingsTable, readTransitSettings, type TransitSettings } from './keys/root/key-settings.js';
import {
  readTelemetryConfig,
  type TelemetryConfig,
  telemetryVariables,
} from './telemetry/telemetry-config.js';

/** The environment, read, checked and frozen. */
export interface VaultConfig {
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  /** Origin that browsers and providers see, no trailing slash. */
  readonly publicUrl: string;
  readonly environment: 'production' | 'development';
  /** Loopback providers, http on loopback and a generated root key are allowed. */
  readonly isDevelopment: boolean;
  readonly dataDir: string;
  /** PostgreSQL; undefined means SQLite in `dataDir`. Carries a password. */
  readonly databaseUrl: SecretValue | undefined;
  /** 32 bytes, base64. */
  readonly rootKey: SecretValue | undefined;
  readonly rootKeyFile: string | undefined;
  readonly previousRootKeys: readonly SecretValue[];
  /** A key service that keeps root keys. */
  readonly keyService: TransitSettings | undefined;
  /** Folder with a key file for each app, so that one can be shredded in copies of the database too. */
  readonly appKeyDir: string | undefined;
  readonly configFiles: readonly string[];
  /** Addresses and CIDRs whose `X-Forwarded-For` counts. */
  readonly trustedProxies: readonly string[];
  readonly logLevel: LogLevel;
  readonly walletUrl: string;
  readonly portalUrl: string;
  /** Whether the public URL was given; else it follows host and port. */
  readonly isPublicUrlGiven: boolean;
  /** Where telemetry and the audit log go by OTLP/HTTP; null for nowhere. */
  readonly otlp: OtlpConfig | null;
  readonly telemetry: TelemetryConfig;
  /** Connections to PostgreSQL that one process holds at most. */
  readonly databaseConnectionsMax: number;
  /** Reads any variable, for `{ env: NAME }` in the configuration file. */
  readonly readVariable: (name: string) => string | undefined;
}

/** An OpenTelemetry collector, by the standard variables of its specification; each signal goes below the endpoint (`/v1/logs`). */
export interface OtlpConfig {
  /** No trailing slash. */
  readonly endpoint: string;
  /** What the collector asks for; values are secret. */
  readonly headers: Readonly<Record<string, SecretValue>>;
  /** `service.name` of everything sent. */
  readonly serviceName: string;
  /** Whether the audit log goes there, too. */
  readonly hasLogs: boolean;
}

/** Levels of the log, as pino names them. */
export const logLevels = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;
/** One level of the log. */
export type LogLevel = (typeof logLevels)[number];

/** A set of environment variables. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Exit code of a start that the configuration ends (EX_CONFIG). */
export const configurationExitCode = 78;

/** The environment table: name, default, meaning. `--help` prints it. */
export const environmentTable: readonly (readonly [name: string, fallback: string, meaning: string])[] = [
  ['HOST', '127.0.0.1', 'address the server listens on'],
  ['PORT', '4000', 'port the server listens on; 0 takes a free one'],
  ['ALTER_VAULT_PUBLIC_URL', 'http://HOST:PORT', 'origin that browsers and providers see'],
  [
    'ALTER_VAULT_ENV',
    'production',
    'production | development; development allows loopback providers and makes a root key',
  ],
  ['ALTER_VAULT_DATA_DIR', './data', 'SQLite file, generated root key, admin socket'],
  ['DATABASE_URL', '', 'postgres://... switches from SQLite to PostgreSQL'],
  [
    'ALTER_VAULT_DATABASE_CONNECTIONS',
    '10',
    'connections to PostgreSQL of one process at most; one of them is set aside for leases',
  ],
  ['ALTER_VAULT_ROOT_KEY', '', '32 bytes, base64; or:'],
  ['ALTER_VAULT_ROOT_KEY_FILE', '', 'file that holds it'],
  ['ALTER_VAULT_ROOT_KEY_PREVIOUS', '', 'comma-separated earlier root keys, during a rotation'],
  ...keySettingsTable,
  ['ALTER_VAULT_CONFIG_FILE', '', 'comma-separated files applied at start'],
  ['ALTER_VAULT_TRUSTED_PROXIES', '', 'comma-separated CIDRs whose X-Forwarded-For counts'],
  ['ALTER_VAULT_LOG_LEVEL', 'info', logLevels.join(' | ')],
  ['ALTER_VAULT_WALLET_URL', '<public URL>/wallet', 'own address of the Wallet'],
  ['ALTER_VAULT_PORTAL_URL', '<public URL>/portal', 'own address of the Developer Portal'],
  ['OTEL_EXPORTER_OTLP_ENDPOINT', '', 'OpenTelemetry collector (OTLP/HTTP); absent: nothing is sent'],
  ['OTEL_EXPORTER_OTLP_HEADERS', '', 'key=value,... sent to it, such as its credentials'],
  ['OTEL_SERVICE_NAME', 'alter-vault', 'service.name of what is sent'],
  ['OTEL_LOGS_EXPORTER', 'otlp', 'otlp | none; the audit log, where there is a collector'],
  ...telemetryVariables,
];

/** A refused environment: one problem per line, names only, never a secret's value. */
export class ConfigError extends Error {
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(problems.join('\n'));
    this.name = 'ConfigError';
    this.problems = problems;
  }
}

/** Reads the process's environment, or a given one. @throws ConfigError */
export function loadConfig(environment: Environment = process.env): VaultConfig {
  const problems: string[] = [];
  const known = new Set(environmentTable.map(([name]) => name));
  for (const name of Object.keys(environment)) {
    if (name.startsWith('ALTER_VAULT_') && !known.has(name))
      problems.push(`${name}: no such setting; see --help`);
  }
  // An empty variable is how compose files and CI systems say "not set".
  const read = (name: string): string | undefined => environment[name]?.trim() || undefined;
  const readList = (name: string): string[] =>
    (read(name) ?? '')
      .split(',')
      .map((item) => item.trim())
      .filter((item) => item !== '');
  const choose = <T extends string>(name: string, options: readonly T[], fallback: T): T => {
    const value = read(name) ?? fallback;
    const found = options.find((option) => option === value);
    if (found === undefined) problems.push(`${name}: must be one of ${options.join(', ')}`);
    return found ?? fallback;
  };

  const host = read('HOST') ?? '127.0.0.1';
  if (!/^[A-Za-z0-9._:-]{1,255}$/.test(host)) problems.push('HOST: must be a host name or an address');
  const port = readPort(read('PORT') ?? '4000', problems);
  const environmentName = choose('ALTER_VAULT_ENV', ['production', 'development'], 'production');
  const givenUrl = read('ALTER_VAULT_PUBLIC_URL');
  const publicUrl = readOrigin(givenUrl ?? buildOrigin(host, port), problems);
  const rootKey = read('ALTER_VAULT_ROOT_KEY');
  const rootKeyFile = read('ALTER_VAULT_ROOT_KEY_FILE');
  if (rootKey && rootKeyFile) {
    problems.push('ALTER_VAULT_ROOT_KEY_FILE: give either the key or the file, not both');
  }
  const databaseUrl = read('DATABASE_URL');
  if (databaseUrl && !/^postgres(ql)?:\/\//.test(databaseUrl)) {
    problems.push('DATABASE_URL: must start with postgres://');
  }
  const trustedProxies = readList('ALTER_VAULT_TRUSTED_PROXIES');
  if (!trustedProxies.every((entry) => ipaddr.isValidCIDR(entry) || ipaddr.isValid(entry))) {
    problems.push('ALTER_VAULT_TRUSTED_PROXIES: must be a list of addresses or CIDRs');
  }
  const config: VaultConfig = {
    host,
    port,
    publicUrl,
    environment: environmentName,
    isDevelopment: environmentName === 'development',
    dataDir: read('ALTER_VAULT_DATA_DIR') ?? './data',
    databaseUrl: databaseUrl === undefined ? undefined : SecretValue.of(databaseUrl),
    rootKey: rootKey === undefined ? undefined : SecretValue.of(rootKey),
    rootKeyFile,
    previousRootKeys: Object.freeze(
      readList('ALTER_VAULT_ROOT_KEY_PREVIOUS').map((key) => SecretValue.of(key)),
    ),
    keyService: readTransitSettings(
      { read, readList, problems },
      {
        isDevelopment: environmentName === 'development',
        hasRootKey: rootKey !== undefined || rootKeyFile !== undefined,
      },
    ),
    appKeyDir: read('ALTER_VAULT_APP_KEY_DIR'),
    configFiles: Object.freeze(readList('ALTER_VAULT_CONFIG_FILE')),
    trustedProxies: Object.freeze(trustedProxies),
    logLevel: choose('ALTER_VAULT_LOG_LEVEL', logLevels, 'info'),
    walletUrl:
      readAddress('ALTER_VAULT_WALLET_URL', read('ALTER_VAULT_WALLET_URL'), problems) ??
      `${publicUrl}/wallet`,
    portalUrl:
      readAddress('ALTER_VAULT_PORTAL_URL', read('ALTER_VAULT_PORTAL_URL'), problems) ??
      `${publicUrl}/portal`,
    isPublicUrlGiven: givenUrl !== undefined,
    otlp: readOtlp(read, problems),
    telemetry: readTelemetryConfig(read, problems),
    databaseConnectionsMax: readCount('ALTER_VAULT_DATABASE_CONNECTIONS', read, problems),
    readVariable: (name) => environment[name],
  };
  if (problems.length > 0) throw new ConfigError(problems);
  return Object.freeze(config);
}

/** The same configuration on another port: what port 0 turned out to be. */
export function withPort(config: VaultConfig, port: number): VaultConfig {
  if (config.isPublicUrlGiven) return Object.freeze({ ...config, port });
  const publicUrl = buildOrigin(config.host, port);
  const move = (url: string) =>
    url.startsWith(`${config.publicUrl}/`) ? publicUrl + url.slice(config.publicUrl.length) : url;
  return Object.freeze({
    ...config,
    port,
    publicUrl,
    walletUrl: move(config.walletUrl),
    portalUrl: move(config.portalUrl),
  });
}

/** What the `alter` command needs to call a vault over HTTP as an app. */
export function readClientEnvironment(environment: Environment = process.env): {
  readonly baseUrl: string | undefined;
  readonly apiKey: SecretValue | undefined;
} {
  const apiKey = environment.ALTER_API_KEY?.trim();
  return {
    baseUrl: environment.ALTER_BASE_URL?.trim() || undefined,
    apiKey: apiKey ? SecretValue.of(apiKey) : undefined,
  };
}

function readPort(text: string, problems: string[]): number {
  if (/^\d{1,5}$/.test(text) && Number(text) <= 65_535) return Number(text);
  problems.push('PORT: must be a whole number from 0 to 65535');
  return 0;
}

function readCount(name: string, read: (name: string) => string | undefined, problems: string[]): number {
  const text = read(name) ?? '10';
  if (/^[1-9]\d{0,3}$/.test(text)) return Number(text);
  problems.push(`${name}: must be a whole number from 1 to 9999`);
  return 10;
}

function buildOrigin(host: string, port: number): string {
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
}

const loopbackHosts = new Set(['localhost', '127.0.0.1', '[::1]']);

function readOrigin(text: string, problems: string[]): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (
    !url ||
    (url.protocol !== 'http:' && url.protocol !== 'https:') ||
    url.origin !== text.replace(/\/$/, '')
  ) {
    problems.push('ALTER_VAULT_PUBLIC_URL: must be an origin such as https://vault.example.com');
    return text;
  }
  if (url.protocol === 'http:' && !loopbackHosts.has(url.hostname)) {
    problems.push('ALTER_VAULT_PUBLIC_URL: must be https, or http on localhost, 127.0.0.1 or [::1]');
  }
  return url.origin;
}

function readOtlp(read: (name: string) => string | undefined, problems: string[]): OtlpConfig | null {
  const endpoint = read('OTEL_EXPORTER_OTLP_ENDPOINT');
  const headers = readHeaderPairs(read('OTEL_EXPORTER_OTLP_HEADERS') ?? '');
  if (headers === undefined)
    problems.push('OTEL_EXPORTER_OTLP_HEADERS: must be key=value pairs, comma separated');
  const logs = read('OTEL_LOGS_EXPORTER') ?? 'otlp';
  if (logs !== 'otlp' && logs !== 'none') problems.push('OTEL_LOGS_EXPORTER: must be otlp or none');
  if (endpoint === undefined) return null;
  const url = URL.canParse(endpoint) ? new URL(endpoint) : undefined;
  // Collectors stand beside the vault more often than not, so plain http is taken.
  const isUsable =
    url && /^https?:$/.test(url.protocol) && url.username + url.password + url.search + url.hash === '';
  if (!isUsable)
    problems.push('OTEL_EXPORTER_OTLP_ENDPOINT: must be an http or https address without userinfo and query');
  return Object.freeze({
    endpoint: endpoint.replace(/\/+$/, ''),
    headers: headers ?? {},
    serviceName: read('OTEL_SERVICE_NAME') ?? 'alter-vault',
    hasLogs: logs !== 'none',
  });
}

/** Pairs in the form of W3C baggage, values percent-encoded; undefined when they cannot be read. */
function readHeaderPairs(text: string): Readonly<Record<string, SecretValue>> | undefined {
  const headers: Record<string, SecretValue> = {};
  for (const pair of text.split(',')) {
    if (pair.trim() === '') continue;
    const [, name, value] = /^\s*([!#$%&'*+.^_`|~0-9A-Za-z-]+)\s*=(.*)$/.exec(pair) ?? [];
    if (name === undefined || value === undefined) return undefined;
    const decoded = decodeHeaderValue(value.trim());
    if (decoded === undefined) return undefined;
    headers[name.toLowerCase()] = SecretValue.of(decoded);
  }
  return Object.freeze(headers);
}

function decodeHeaderValue(text: string): string | undefined {
  try {
    const value = decodeURIComponent(text);
    return /^[\t\x20-\x7e]*$/.test(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function readAddress(name: string, text: string | undefined, problems: string[]): string | undefined {
  if (text === undefined) return undefined;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol === 'https:' || (url?.protocol === 'http:' && loopbackHosts.has(url.hostname))) {
    return text.replace(/\/$/, '');
  }
  problems.push(`${name}: must be an https address, or http on loopback`);
  return undefined;
}
