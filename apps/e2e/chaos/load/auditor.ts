import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { DatabaseReader } from '../world/database-reader.js';
import type { FleetVault } from '../world/vault-fleet.js';
import type { Ledger } from './ledger.js';

/** Somebody who verifies the audit log while everything goes on. */
export interface Auditor {
  stop(): Promise<void>;
  /** Verifies once more, also against a checkpoint that was taken out of the database earlier. @returns the verdict's words */
  verifyAtEnd(): Promise<string>;
}

/** What the auditor needs. */
export interface AuditorInput {
  readonly vaults: readonly FleetVault[];
  readonly ledger: Ledger;
  readonly reader: DatabaseReader;
  readonly folder: string;
}

interface Verdict {
  readonly isIntact: boolean;
}

/** Verifies again and again by the vaults' own command, and takes checkpoints out of the database. */
export function startAuditor(input: AuditorInput): Auditor {
  const { vaults, ledger, reader, folder } = input;
  const keptFile = join(folder, 'kept-checkpoint.json');
  let isStopped = false;
  let isKept = false;

  async function verify(vault: FleetVault): Promise<void> {
    const { output } = await vault.alter('audit', 'verify', '--json');
    const verdict = readVerdict(output);
    // No verdict: the vault or its database was being disturbed.
    if (verdict?.isIntact !== false) return;
    ledger.noteIncident('chain_broken', 'A3', 'the audit log does not verify while the run goes on', output);
  }

  async function run(): Promise<void> {
    for (let turn = 0; !isStopped; turn += 1) {
      const startedAtMs = performance.now();
      const vault = vaults[turn % vaults.length];
      if (vault?.isReady()) await verify(vault);
      // The first that there is: what comes later must not be less.
      if (!isKept) {
        const kept = await reader.readNewestCheckpoint().catch(() => undefined);
        if (kept !== undefined) writeFileSync(keptFile, `${kept}\n`);
        isKept = kept !== undefined;
      }
      const pauseMs = Math.max(20_000, 20 * (performance.now() - startedAtMs));
      for (let waitedMs = 0; waitedMs < pauseMs && !isStopped; waitedMs += 500) await sleep(500);
    }
  }
  const running = run();

  return {
    stop: async () => {
      isStopped = true;
      await running;
    },
    async verifyAtEnd() {
      const kept = isKept ? ['--checkpoint', keptFile] : [];
      const verdict = await vaults[0]?.alter('audit', 'verify', ...kept);
      if (verdict?.status !== 0)
        ledger.noteIncident('chain_broken', 'A3', 'the audit log does not verify', verdict?.output);
      return verdict?.output ?? 'not asked';
    },
  };
}

function readVerdict(output: string): Verdict | undefined {
  try {
    // Words for people may follow the JSON.
    return JSON.parse(output.slice(0, output.lastIndexOf('}') + 1)) as Verdict;
  } catch {
    return undefined;
  }
}
