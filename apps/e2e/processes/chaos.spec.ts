import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@playwright/test';
import { deliberateBugs } from '../chaos/bugs/deliberate-bugs.js';
import { runScenario } from '../chaos/run-scenario.js';
import { copyVaultBuild } from '../chaos/world/vault-build.js';
import { findTools } from '../harness/machine/find-tools.js';

const tools = findTools();

test('F1 F2 F7 R2 R4 R5 A1 A3: twenty seconds of chaos over three vaults on PostgreSQL, nothing lost, nothing twice', async () => {
  test.skip(tools.postgres === undefined, 'needs the programs of PostgreSQL');
  test.setTimeout(240_000);
  const result = await runScenario({
    seed: 'npm test',
    database: 'postgres',
    totalMs: 24_000,
    tools,
    systemKinds: ['kill_holder_after', 'postgres_restart', 'stop'],
    providerKinds: ['provider_slow', 'provider_cut_after', 'provider_server_error'],
    accountsPerProvider: 4,
    callers: 8,
  });
  const facts = result.violations.map(({ guarantee, rule, message }) => `${guarantee} ${rule}: ${message}`);
  expect(facts).toEqual([]);
  expect(result.chain).toMatch(/^intact/);
  // A run in which nothing happened proves nothing.
  const { answers, faults, presentations } = result.evidence;
  expect(answers.filter(({ status }) => status === 200).length).toBeGreaterThan(20);
  expect(presentations.length).toBeGreaterThan(10);
  expect(faults.filter(({ track }) => track === 'system').length).toBeGreaterThan(0);
});

test('every deliberate bug of the chaos suite fits the vault as it is built now', () => {
  for (const bug of deliberateBugs) {
    const folder = mkdtempSync(join(tmpdir(), 'alter-bug-'));
    try {
      expect(() => copyVaultBuild(folder, bug.patches), bug.name).not.toThrow();
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }
});
