import { setTimeout as sleep } from 'node:timers/promises';
import type { CredentialChange, Probe } from '../check/evidence.js';
import type { CredentialState, DatabaseReader, RecordedFacts } from '../world/database-reader.js';
import type { FleetVault } from '../world/vault-fleet.js';
import type { Ledger } from './ledger.js';
import type { SignedCall } from './signed-call.js';

/** What is seen without taking part. */
export interface Observers {
  readonly probes: Probe[];
  readonly changes: CredentialChange[];
  readonly recorded: RecordedFacts;
  recordsReadAtMs(): number;
  /** Reads all records once more, from the first one: what was seen before may be gone since. */
  readAllRecords(): Promise<void>;
  stop(): Promise<void>;
}

/** What the observers look at. */
export interface ObserversInput {
  readonly vaults: readonly FleetVault[];
  readonly call: SignedCall;
  readonly ledger: Ledger;
  readonly reader: DatabaseReader;
  /** A grant whose access token outlives the run. */
  readonly steadyGrantId: string;
  readonly steadyUrl: string;
}

/** Asks each vault twice a second, and the database once a second. */
export function startObservers(input: ObserversInput): Observers {
  const probes: Probe[] = [];
  const changes: CredentialChange[] = [];
  const recorded: RecordedFacts = { releases: new Set(), deaths: new Set() };
  const known = new Map<string, CredentialState>();
  let recordsReadAtMs = 0;
  let credentialsReadAtMs = Date.now();
  let isStopped = false;

  async function probe(vault: FleetVault): Promise<void> {
    const startedAtMs = Date.now();
    const body = {
      grant_id: input.steadyGrantId,
      reason: null,
      request: { method: 'GET', url: input.steadyUrl },
    };
    // Short, so that one request to a stopped vault does not hide that it goes on.
    const { status } = await input.call(vault.url, '/sdk/token', body, 3_000);
    probes.push({ vault: vault.index, startedAtMs, endedAtMs: Date.now(), isOk: status === 200 });
  }

  async function readCredentials(): Promise<void> {
    const startedAtMs = Date.now();
    const states = await input.reader.readCredentials();
    for (const state of states) {
      const before = known.get(state.grantId);
      known.set(state.grantId, state);
      const grant = input.ledger.grants.get(state.grantId);
      if (grant === undefined || before === undefined) continue;
      if (before.status === state.status && before.cause === state.cause) continue;
      const { grantId, status, cause, evidence } = state;
      const seenAtMs = Date.now();
      changes.push({
        account: grant.account,
        grantId,
        afterMs: credentialsReadAtMs,
        seenAtMs,
        status,
        cause,
        evidence,
      });
    }
    credentialsReadAtMs = startedAtMs;
  }

  async function readRecords(): Promise<void> {
    const startedAtMs = Date.now();
    await input.reader.readNewRecords(recorded);
    recordsReadAtMs = startedAtMs;
  }

  async function readAllRecords(): Promise<void> {
    input.reader.forgetProgress();
    recorded.releases.clear();
    for (let tries = 1; ; tries += 1) {
      try {
        await readRecords();
        return;
      } catch (error) {
        if (tries >= 10) throw error;
        await sleep(1_000);
      }
    }
  }

  const repeat = async (pauseMs: number, work: () => Promise<void>) => {
    while (!isStopped) {
      // A database that is being disturbed cannot be looked into; the next look sees what happened.
      await work().catch(() => {});
      await sleep(pauseMs);
    }
  };
  const running = [
    ...input.vaults.map((vault) => repeat(500, () => probe(vault))),
    repeat(1_000, readCredentials),
    repeat(2_000, readRecords),
  ];
  return {
    probes,
    changes,
    recorded,
    recordsReadAtMs: () => recordsReadAtMs,
    readAllRecords,
    stop: async () => {
      isStopped = true;
      await Promise.all(running);
    },
  };
}
