import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@playwright/test';
import { type Situations, startSituations } from '../../harness/situations/situations.js';
import { type Driver, startDriver } from './driver.js';

const folder = dirname(fileURLToPath(import.meta.url));
const python = process.env.ALTER_CLIENTS_PYTHON ?? '';
const files = readdirSync(folder).filter((name) => name.startsWith('check_'));

interface Outcome {
  readonly name: string;
  readonly ok: boolean;
  readonly error?: string;
}

let place: Situations;
let driver: Driver;

test.skip(python === '', 'no Python environment: npm run test:clients makes one');
test.beforeAll(async ({ browser }) => {
  place = await startSituations();
  driver = await startDriver(place, browser);
});
test.afterAll(async () => {
  await driver?.close();
  const verdict = place?.vault.alter('audit', 'verify');
  await place?.close();
  expect(verdict, verdict?.stderr).toMatchObject({ status: 0 });
});

for (const file of files) {
  test.describe(file, () => {
    // The names stand in the file as literals, so that a check that does not report is missed.
    const names = [...readFileSync(join(folder, file), 'utf8').matchAll(/^@check\("(.+)"\)$/gm)].map(
      ([, name = '']) => name,
    );
    let outcomes: Map<string, Outcome>;
    let trouble: string;
    test.beforeAll(async () => {
      ({ outcomes, trouble } = await runChecks(file));
    });
    for (const name of names) {
      test(name, () => {
        const outcome = outcomes.get(name);
        expect(outcome, `the check did not report:\n${trouble}`).toBeDefined();
        expect(outcome?.ok, outcome?.error).toBe(true);
      });
    }
  });
}

async function runChecks(file: string): Promise<{ outcomes: Map<string, Outcome>; trouble: string }> {
  const facts = {
    vault: place.vault.url,
    provider: place.provider.issuer,
    idp: place.idp.issuer,
    driver: driver.url,
    keyService: place.keyWorld.service.url,
    expected: place.keyWorld.expected,
    keys: { ...place.keys, backend: place.apiKey },
  };
  const child = spawn(python, [join(folder, file)], {
    env: {
      PATH: process.env.PATH,
      HOME: process.env.HOME,
      PYTHONDONTWRITEBYTECODE: '1',
      ALTER_CLIENT_PLACE: JSON.stringify(facts),
      // What a headless connect() opens its link with; Python's webbrowser module reads this.
      BROWSER: `${python} ${join(folder, 'open_link.py')} %s`,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk: Buffer) => {
    stdout += chunk.toString();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  const code = await new Promise((resolve) => child.once('close', resolve));
  const lines = stdout.split('\n').filter((line) => line.startsWith('{'));
  const outcomes = lines.map((line) => JSON.parse(line) as Outcome);
  return {
    outcomes: new Map(outcomes.map((outcome) => [outcome.name, outcome])),
    trouble: `exit code ${code}\n${stderr.slice(-4000)}`,
  };
}
