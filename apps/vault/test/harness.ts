import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildSignedHeaders, createNonce, deriveSigningKeyObject, sha256Hex } from '@alter-ai/core-crypto';
import pino from 'pino';
import { describe } from 'vitest';
import type { ServerState } from '../src/api/server/server-state.js';
import { createApp, type VaultApp } from '../src/app.js';
import { loadConfig, type VaultConfig } from '../src/config.js';
import type { VaultDeps } from '../src/deps.js';
import { type OpenVault, openVault } from '../src/open-vault.js';
import { applySettings } from '../src/settings/apply/apply-settings.js';
import { checkSettings } from '../src/settings/file/read-file.js';
import type { Telemetry } from '../src/telemetry/telemetry.js';
import { runStatement } from './run-statement.js';

/** What a test may say about one signed request; each may also be wrong on purpose. */
export interface SignedFetchOptions {
  /** The key itself; default: the first key of `app`. */
  readonly apiKey?: string;
  /** Slug of the app; default: the first one. */
  readonly app?: string;
  /** Identity headers that the signature covers. */
  readonly caller?: string;
  readonly callerType?: string;
  readonly actorId?: string;
  readonly context?: string;
  readonly scopeConstraints?: string;
  readonly requestRule?: string;
  readonly timestampSeconds?: number;
  readonly nonce?: string;
  /** Set after signing: they change or remove (undefined) what was signed. */
  readonly headers?: Readonly<Record<string, string | undefined>>;
  /** Sent in place of the body that was signed. */
  readonly sentBody?: string | Uint8Array;
  readonly remoteAddress?: string;
}

/** A whole vault without a socket. */
export interface TestVault {
  readonly app: VaultApp;
  readonly deps: VaultDeps;
  readonly state: ServerState;
  readonly dataDir: string;
  /** API keys by `slug` (the app's first key) and `slug/name`. */
  readonly apiKeys: Readonly<Record<string, string>>;
  /** App ids by slug. */
  readonly appIds: Readonly<Record<string, string>>;
  signedFetch(method: string, path: string, body?: unknown, options?: SignedFetchOptions): Promise<Response>;
  /** Opens another vault on the same data, as another process would. PostgreSQL only. */
  openSibling(): Promise<TestVault>;
  close(): Promise<void>;
}

/** How to start one. */
export interface TestVaultOptions {
  readonly kind: 'sqlite' | 'postgres';
  /** The vault as one file. */
  readonly config?: unknown;
  readonly clock?: () => number;
  readonly environment?: Readonly<Record<string, string>>;
  /** Starts telemetry as a server does; without it there is none. */
  readonly startTelemetry?: (config: VaultConfig) => Promise<Telemetry>;
}

/** Runs the same tests on both databases; PostgreSQL is skipped, visibly, where DATABASE_URL names none. */
export function describeBothDatabases(name: string, body: (kind: 'sqlite' | 'postgres') => void): void {
  describe(`${name} (sqlite)`, () => body('sqlite'));
  if (process.env.DATABASE_URL) describe(`${name} (postgres)`, () => body('postgres'));
  else describe.skip(`${name} (postgres: skipped, DATABASE_URL is not set)`, () => body('postgres'));
}

/** Starts a vault of one test: its own folder, or its own schema. */
export async function startTestVault(options: TestVaultOptions): Promise<TestVault> {
  const dataDir = mkdtempSync(join(tmpdir(), 'alter-vault-'));
  const schema = options.kind === 'postgres' ? `test_${randomBytes(8).toString('hex')}` : undefined;
  if (schema) await runStatement(`create schema ${schema}`);
  const environment = {
    ALTER_VAULT_ENV: 'development',
    ALTER_VAULT_DATA_DIR: dataDir,
    ALTER_VAULT_ROOT_KEY: randomBytes(32).toString('base64'),
    ...(schema ? { DATABASE_URL: process.env.DATABASE_URL } : {}),
    ...options.environment,
  };
  const vaultConfig = loadConfig(environment);
  const telemetry = await options.startTelemetry?.(vaultConfig);
  const open = () =>
    openVault(vaultConfig, {
      ...(telemetry ? { telemetry } : {}),
      log: pino({ level: 'silent' }),
      ...(options.clock ? { clock: options.clock } : {}),
      ...(schema ? { schema } : {}),
    });
  const vault = await open();
  const keys = await applyConfig(vault.deps, options.config ?? defaultConfig);
  const siblings: OpenVault[] = [];
  const cleanUp = async () => {
    await Promise.all(siblings.map((sibling) => sibling.close()));
    await vault.close();
    if (schema) await runStatement(`drop schema ${schema} cascade`);
    rmSync(dataDir, { recursive: true, force: true });
  };
  const openSibling = async (): Promise<TestVault> => {
    const sibling = await open();
    siblings.push(sibling);
    return buildTestVault(sibling.deps, dataDir, keys, openSibling, async () => {});
  };
  return buildTestVault(vault.deps, dataDir, keys, openSibling, cleanUp);
}

const defaultConfig = { version: 1, apps: [{ slug: 'demo', name: 'Demo', api_keys: [{ name: 'backend' }] }] };

interface Keys {
  readonly apiKeys: Record<string, string>;
  readonly appIds: Record<string, string>;
}

/** Applies a configuration, and tells every API key's value. */
export async function applyConfig(deps: VaultDeps, config: unknown): Promise<Keys> {
  const { file } = checkSettings(config, 'test', {
    isDevelopment: deps.config.isDevelopment,
    readVariable: (name) => process.env[name],
    readFile: () => '',
  });
  const result = await applySettings(deps, {
    files: [{ label: 'test', file }],
    isPruning: false,
    appliedBy: 'test',
  });
  const keys: Keys = { apiKeys: {}, appIds: {} };
  for (const app of result.apps) {
    keys.appIds[app.slug] = app.id;
    const entries = file.apps.find((entry) => entry.slug === app.slug)?.api_keys ?? [];
    for (const key of app.api_keys) {
      const value = key.value ?? entries.find((entry) => entry.name === key.name)?.value;
      if (value === undefined) continue;
      keys.apiKeys[app.slug] ??= value;
      keys.apiKeys[`${app.slug}/${key.name}`] = value;
    }
  }
  return keys;
}

/** A whole vault over what is open already. */
export function buildTestVault(
  deps: VaultDeps,
  dataDir: string,
  keys: Keys,
  openSibling: () => Promise<TestVault>,
  close: () => Promise<void>,
): TestVault {
  const state: ServerState = { isStopping: false };
  const app = createApp(deps, state);
  const request = app.request.bind(app);
  // A test has no socket that would say where the request comes from.
  app.request = ((input, init, bindings) =>
    request(input, init, bindings ?? { remoteAddress: '127.0.0.1' })) as typeof app.request;
  return {
    app,
    deps,
    state,
    dataDir,
    ...keys,
    openSibling,
    close,
    signedFetch: async (method, path, body, options = {}) => {
      const known = options.app === undefined ? Object.values(keys.apiKeys)[0] : keys.apiKeys[options.app];
      const apiKey = options.apiKey ?? known ?? '';
      const text = body === undefined ? '' : typeof body === 'string' ? body : JSON.stringify(body);
      const { init, remoteAddress } = signInit(deps.clock, apiKey, method, path, text, options);
      return app.request(path, init, { remoteAddress });
    },
  };
}

function signInit(
  clock: () => number,
  apiKey: string,
  method: string,
  path: string,
  text: string,
  options: SignedFetchOptions,
) {
  const signed = buildSignedHeaders(deriveSigningKeyObject(apiKey), {
    method,
    target: path,
    timestamp: options.timestampSeconds ?? clock() / 1000,
    nonce: options.nonce ?? createNonce(),
    bodySha256: sha256Hex(text),
    caller: options.caller,
    callerType: options.callerType,
    actorId: options.actorId,
    context: options.context,
    scopeConstraints: options.scopeConstraints,
    requestRule: options.requestRule,
  });
  const headers = new Headers({ 'x-api-key': apiKey, ...signed });
  if (text !== '') headers.set('content-type', 'application/json');
  for (const [name, value] of Object.entries(options.headers ?? {})) {
    if (value === undefined) headers.delete(name);
    else headers.set(name, value);
  }
  const sent = options.sentBody ?? text;
  const bytes = typeof sent === 'string' ? Buffer.from(sent) : Buffer.from(sent);
  const init: RequestInit = { method, headers, ...(bytes.length > 0 ? { body: bytes } : {}) };
  return { init, remoteAddress: options.remoteAddress ?? '127.0.0.1' };
}
