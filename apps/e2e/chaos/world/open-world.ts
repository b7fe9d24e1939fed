import { chmodSync, mkdirSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { mintApiKey } from '@alter-ai/core-crypto';
import { type OidcEmulator, startOidcServer } from '@alter-ai/emulator';
import type { MachineTools } from '../../harness/machine/find-tools.js';
import { startPgBouncer } from '../../harness/machine/pgbouncer.js';
import { describeAcme } from '../../harness/stack.js';
import { type ProviderGate, startProviderGate } from '../faults/provider-gate.js';
import { findSocketOwner } from '../faults/socket-owner.js';
import { startTcpProxy, type TcpProxy } from '../faults/tcp-proxy.js';
import { type ProviderMode, providerModes } from '../schedule/build-schedule.js';
import type { Random } from '../schedule/random.js';
import { createPostgresReader, createSqliteReader, type DatabaseReader } from './database-reader.js';
import { type FillableDisk, prepareDisk } from './fillable-disk.js';
import { type PostgresPair, startPostgresPair } from './postgres-pair.js';
import { copyVaultBuild, type Patch } from './vault-build.js';
import { startVaultFleet, type VaultFleet } from './vault-fleet.js';

/** One emulated provider, and the gate before it. */
export interface ChaosProvider {
  readonly mode: ProviderMode;
  readonly emulator: OidcEmulator;
  readonly gate: ProviderGate;
}

/** Everything that runs. */
export interface ChaosWorld {
  readonly folder: string;
  readonly apiKey: string;
  readonly providers: ReadonlyMap<ProviderMode, ChaosProvider>;
  readonly fleet: VaultFleet;
  /** One before each vault; none on SQLite. */
  readonly databaseProxies: readonly TcpProxy[];
  /** Between pooler and server: follows the primary. */
  readonly primaryProxy: TcpProxy | undefined;
  readonly postgres: PostgresPair | undefined;
  readonly hasPooler: boolean;
  readonly disk: FillableDisk | undefined;
  readonly reader: DatabaseReader;
  close(): Promise<void>;
}

/** What the world is made of. */
export interface WorldOptions {
  readonly database: 'postgres' | 'sqlite';
  readonly vaults: number;
  readonly subjects: readonly string[];
  readonly random: Random;
  readonly tools: MachineTools;
  readonly patches: readonly Patch[];
  readonly onUnexpectedEnd: (vault: number, code: number | null, output: string) => void;
}

/** How long a spent refresh token is taken again by the provider of the mode `window`. */
export const windowSeconds = 30;
/** Lifetime of access tokens while the load runs: short, so that there is always something to refresh. */
export const accessTokenTtlSeconds = 10;

/** With few of the server's connections, and no long wait for one that does not answer. */
const poolerSettings = {
  default_pool_size: 20,
  max_client_conn: 300,
  server_login_retry: 1,
  server_connect_timeout: 5,
  query_wait_timeout: 8,
};

/** Starts emulators, gates, database, pooler, proxies and vaults. */
export async function openWorld(options: WorldOptions): Promise<ChaosWorld> {
  const { tools } = options;
  const folder = mkdtempSync(join(tmpdir(), 'alter-chaos-'));
  // PostgreSQL may run as another user, and has to get through to its own folder.
  chmodSync(folder, 0o711);
  const apiKey = mintApiKey('app');
  const closers: (() => Promise<unknown>)[] = [];
  const close = async (): Promise<void> => {
    for (const closer of closers.reverse()) await closer();
  };
  const keep = <T>(value: T, closer: (value: T) => Promise<unknown>): T => {
    closers.push(() => closer(value));
    return value;
  };
  try {
    let fleet: VaultFleet | undefined;
    const findVault = (port: number) =>
      findSocketOwner(port, fleet?.vaults.map((vault) => vault.pid()) ?? []);
    const providers = new Map<ProviderMode, ChaosProvider>();
    for (const mode of providerModes) {
      const emulator = keep(await startEmulated(mode, options.subjects), (each) => each.close());
      const random = options.random.fork(`gate ${mode}`);
      const gate = keep(
        await startProviderGate({ mode, issuer: emulator.issuer, random, findVault }),
        (each) => each.close(),
      );
      providers.set(mode, { mode, emulator, gate });
    }
    const postgres =
      options.database === 'postgres'
        ? await startPostgres(tools, join(folder, 'postgres'), keep)
        : undefined;
    const primaryProxy = postgres && keep(await startTcpProxy(postgres.port()), (each) => each.close());
    const pooler =
      primaryProxy && tools.pgbouncer
        ? keep(
            await startPgBouncer(
              tools.pgbouncer,
              `postgres://vault@127.0.0.1:${primaryProxy.port}/vault`,
              poolerSettings,
            ),
            (each) => each.stop(),
          )
        : undefined;
    const databaseProxies: TcpProxy[] = [];
    if (primaryProxy) {
      for (let index = 0; index < options.vaults; index += 1) {
        const target = pooler?.port ?? primaryProxy.port;
        databaseProxies.push(keep(await startTcpProxy(target), (each) => each.close()));
      }
    }
    const diskFolder = join(folder, 'disk');
    mkdirSync(diskFolder);
    const disk = postgres ? undefined : await prepareDisk(diskFolder, tools.prlimit);
    if (disk) keep(disk, (each) => each.close());
    fleet = keep(
      await startVaultFleet({
        build: copyVaultBuild(join(folder, 'build'), options.patches),
        folder,
        config: describeVault(apiKey, providers),
        databaseUrls: postgres
          ? databaseProxies.map(({ port }) => `postgres://vault@127.0.0.1:${port}/vault`)
          : [undefined],
        ...(postgres ? {} : { dataDirs: [diskFolder] }),
        faketime: tools.faketime,
        onUnexpectedEnd: options.onUnexpectedEnd,
      }),
      (each) => each.close(),
    );
    const reader = keep(postgres ? createPostgresReader(postgres) : createSqliteReader(diskFolder), (each) =>
      each.close(),
    );
    return {
      folder,
      apiKey,
      providers,
      fleet,
      databaseProxies,
      primaryProxy,
      postgres,
      hasPooler: pooler !== undefined,
      disk,
      reader,
      close,
    };
  } catch (error) {
    await close().catch(() => {});
    throw error;
  }
}

async function startPostgres(
  tools: MachineTools,
  folder: string,
  keep: <T>(value: T, closer: (value: T) => Promise<unknown>) => T,
): Promise<PostgresPair> {
  if (tools.postgres === undefined)
    throw new Error('there is no PostgreSQL on this machine; name its programs by POSTGRES_BIN');
  return keep(await startPostgresPair(tools.postgres, folder), (pair) => pair.close());
}

function startEmulated(mode: ProviderMode, subjects: readonly string[]): Promise<OidcEmulator> {
  return startOidcServer({
    displayName: mode,
    cookiePrefix: mode,
    refreshMode: mode,
    refreshWindowSeconds: windowSeconds,
    users: subjects.map((id) => ({ id, email: `${id}@example.test`, name: id })),
    clients: [{ clientId: 'acme-client', clientSecret: 'acme-secret', redirectUris: 'any-loopback' }],
  });
}

function describeVault(
  apiKey: string,
  providers: ReadonlyMap<ProviderMode, ChaosProvider>,
): Record<string, unknown> {
  return {
    version: 1,
    apps: [
      {
        slug: 'chaos',
        name: 'Chaos',
        api_keys: [{ name: 'backend', value: apiKey }],
        providers: [...providers.values()].map(({ mode, emulator, gate }) => ({
          ...describeAcme(emulator.issuer),
          id: mode,
          name: mode,
          token_endpoint: `${gate.url}/token`,
          revocation_endpoint: `${gate.url}/revoke`,
          userinfo_endpoint: `${gate.url}/me`,
          refresh_reuse: mode,
          ...(mode === 'window' ? { refresh_reuse_window_seconds: windowSeconds } : {}),
        })),
      },
    ],
  };
}
