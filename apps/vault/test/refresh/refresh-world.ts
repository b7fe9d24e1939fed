import { randomBytes, randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseRootKey } from '@alter-ai/core-crypto';
import { type EmulatedUser, type RefreshMode, startOidcServer } from '@alter-ai/emulator';
import { sql } from 'kysely';
import { uuidv7 } from 'uuidv7';
import { loadConfig } from '../../src/config.js';
import type { VaultDeps } from '../../src/deps.js';
import type { AppSettings, ProviderSettings } from '../../src/settings/settings-reader.js';
import { openStorage } from '../../src/storage/database/open-storage.js';
import { findCredential } from '../../src/storage/live/credentials.js';
import { findUsableGrant } from '../../src/storage/live/grants/usable-grant.js';
import { callbackUrl, connectAccount } from './connect-account.js';
import { describeSettings, ensureGrantFresh, openProcess, type RefreshChildInput } from './open-process.js';

/** The databases to test on; PostgreSQL only where DATABASE_URL names one. */
export const databases: readonly ('sqlite' | 'postgres')[] = process.env.DATABASE_URL
  ? ['sqlite', 'postgres']
  : ['sqlite'];

/** Everything below the HTTP interface, real, with one app, one provider and an emulator behind it. */
export async function openRefreshWorld(
  kind: 'sqlite' | 'postgres',
  options: {
    mode?: RefreshMode;
    processes?: number;
    secrets?: string[];
    accessTokenTtlSeconds?: number;
    defaultTtlSeconds?: number;
    /** Further fields of the provider's definition. */
    overrides?: Record<string, unknown>;
    /** How much the clock of each process is ahead; leases are then in the database's own time. */
    skewsMs?: readonly number[];
    users?: readonly EmulatedUser[];
  } = {},
) {
  const mode = options.mode ?? 'strict';
  const emulator = await startOidcServer({
    clients: [{ clientId: 'app', clientSecret: 'secret-1', redirectUris: [callbackUrl] }],
    refreshMode: mode,
    ...(options.users === undefined ? {} : { users: options.users }),
    ...(options.accessTokenTtlSeconds === undefined
      ? {}
      : { accessTokenTtlSeconds: options.accessTokenTtlSeconds }),
  });
  const dataDir = mkdtempSync(join(tmpdir(), 'alter-refresh-'));
  const schema = `refresh_${randomUUID().replaceAll('-', '')}`;
  const databaseUrl = kind === 'postgres' ? process.env.DATABASE_URL : undefined;
  if (databaseUrl) {
    const admin = await openStorage({ dataDir, databaseUrl });
    await sql.raw(`create schema ${schema}`).execute(admin.db);
    await admin.close();
  }
  let offsetMs = 0;
  const clock = () => Date.now() + offsetMs;
  const rootKeyText = randomBytes(32).toString('base64');
  const rootKey = parseRootKey(rootKeyText);
  const config = loadConfig({ ALTER_VAULT_ENV: 'development', ALTER_VAULT_DATA_DIR: dataDir });
  const secrets = [...(options.secrets ?? ['secret-1'])];
  const facts = {
    appId: uuidv7(),
    configId: uuidv7(),
    issuer: emulator.url,
    mode,
    secrets,
    ...(options.defaultTtlSeconds === undefined ? {} : { defaultTtlSeconds: options.defaultTtlSeconds }),
    ...(options.overrides === undefined ? {} : { overrides: options.overrides }),
  };
  const { provider, settings } = describeSettings(facts);

  const processes: VaultDeps[] = [];
  for (let index = 0; index < (kind === 'sqlite' ? 1 : (options.processes ?? 1)); index += 1) {
    const name = `process-${index}-${randomUUID()}`;
    const skewMs = options.skewsMs?.[index] ?? 0;
    const times = {
      clock: () => clock() + skewMs,
      sharedClock: options.skewsMs === undefined ? clock : undefined,
    };
    processes.push(await openProcess({ name, config, databaseUrl, schema, rootKey, settings, ...times }));
  }
  const [deps] = processes;
  if (!deps) throw new Error('no process');
  await insertApp(deps, settings, provider, clock());

  const world = {
    deps,
    processes,
    emulator,
    provider,
    settings,
    secrets,
    clock,
    advance: (ms: number) => {
      offsetMs += ms;
    },
    /** Connects an account of the emulator by its real pages. */
    connect: (user = 'alice', userId?: string) =>
      connectAccount(deps, {
        emulator,
        provider,
        settings,
        user,
        ...(userId === undefined ? {} : { userId }),
      }),
    ensure: (grantId: string, process = deps, waitMaxMs?: number) =>
      ensureGrantFresh(process, { settings, provider, grantId, waitMaxMs }),
    /** What a child process needs to be one more vault on the same data (PostgreSQL). */
    describeChild: (grantId: string): RefreshChildInput => ({
      environment: { ALTER_VAULT_ENV: 'development', ALTER_VAULT_DATA_DIR: dataDir },
      databaseUrl,
      schema,
      rootKey: rootKeyText,
      offsetMs,
      facts,
      grantId,
    }),
    readCredential: async (grantId: string) => {
      const grant = await findUsableGrant(deps.storage, settings.appId, grantId);
      const key = { appId: settings.appId, credentialId: grant?.credential_id ?? '' };
      const row = await findCredential(deps.storage.db, key);
      if (!row) throw new Error('no credential');
      return row;
    },
    /** Kinds of the records so far, in their order. */
    listEvents: async (process = deps) => {
      await process.audit.flush();
      const month = new Date(clock()).toISOString().slice(0, 7).replace('-', '_');
      const rows = await sql<{ kind: string; record: string }>`
        select kind, record from ${sql.table(`audit_${month}`)} order by at, sequence`.execute(
        deps.storage.db,
      );
      return rows.rows;
    },
    refreshCalls: () =>
      emulator.log().filter((event) => event.event === 'presented' && event.tokenType === 'refresh_token')
        .length,
    close: async () => {
      for (const process of processes) {
        await process.audit.close();
        await process.egress.close();
      }
      if (databaseUrl) await sql.raw(`drop schema ${schema} cascade`).execute(deps.storage.db);
      for (const process of processes) await process.storage.close();
      await emulator.close();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
  return world;
}

/** What `openRefreshWorld` gives. */
export type RefreshWorld = Awaited<ReturnType<typeof openRefreshWorld>>;

async function insertApp(
  deps: VaultDeps,
  settings: AppSettings,
  provider: ProviderSettings,
  nowMs: number,
): Promise<void> {
  const times = { created_at: nowMs, updated_at: nowMs };
  const wrappedKey = await deps.keyring.createAppKey(settings.appId);
  await deps.storage.db
    .insertInto('apps')
    .values({
      id: settings.appId,
      slug: settings.slug,
      name: settings.name,
      settings_json: '{}',
      version: 1,
      wrapped_key: wrappedKey,
      ...times,
    })
    .execute();
  await deps.storage.db
    .insertInto('provider_configs')
    .values({
      app_id: settings.appId,
      id: provider.configId,
      provider_id: provider.providerId,
      overrides_json: '{}',
      client_id: 'app',
      sealed_client_secrets: null,
      scopes_json: '[]',
      breaker_open_until: null,
      breaker_code: null,
      breaker_failures: 0,
      ...times,
    })
    .execute();
}
