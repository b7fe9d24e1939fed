import type { Agent } from 'node:http';
import { AlterSDKError } from '../errors/alter-sdk-error.js';
import type { ClientSettings } from '../options/client-options.js';
import type { Runtime } from '../transport/runtime.js';
import { createVaultAgent } from '../transport/vault-exchange.js';

/** The vault's limit as its last answer told it. */
export interface RateLimit {
  readonly limit: number;
  readonly remaining: number;
  /** When the count starts anew, Unix seconds. */
  readonly resetAtSeconds: number;
}

/** One connection to a vault: settings, and what its answers taught. */
export interface VaultClient {
  readonly settings: ClientSettings;
  readonly runtime: Runtime;
  /** Connections to the vault. */
  readonly agent: Agent;
  /** Calls and background posts that `close()` waits for. */
  readonly pending: Set<Promise<unknown>>;
  actorId: string | undefined;
  lastRateLimit: RateLimit | undefined;
  hasWarnedOfDeprecation: boolean;
  isClosed: boolean;
}

/** Makes a client; no traffic. */
export function createVaultClient(settings: ClientSettings, runtime: Runtime): VaultClient {
  return {
    settings,
    runtime,
    agent: createVaultAgent(settings.baseUrl),
    pending: new Set(),
    actorId: undefined,
    lastRateLimit: undefined,
    hasWarnedOfDeprecation: false,
    isClosed: false,
  };
}

/** Refuses calls after `close()`. */
export function requireOpen(client: VaultClient): void {
  if (client.isClosed) throw new AlterSDKError('this App has been closed', { code: 'sdk_closed' });
}

/** Lets `close()` wait for `task`; gives it back. */
export function trackPending<Result>(client: VaultClient, task: Promise<Result>): Promise<Result> {
  // The stored promise never rejects: whoever called gets the failure.
  const settled = task.then(
    () => {},
    () => {},
  );
  client.pending.add(settled);
  settled.then(() => client.pending.delete(settled));
  return task;
}

/** Refuses new calls and waits for those under way and for their records. */
export async function closeVaultClient(client: VaultClient): Promise<void> {
  client.isClosed = true;
  while (client.pending.size > 0) await Promise.all(client.pending);
  client.agent.destroy();
}
