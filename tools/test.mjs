// `npm test`: every unit and server test on both databases, then the browser flows. Ends with one line of true counts.
import { spawn } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findChromium } from './chromium.mjs';
import { startPostgres } from './postgres.mjs';
import { readPlaywright, readVitest } from './read-reports.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const reports = join(root, 'reports');
const filters = process.argv.slice(2);

function run(command, args, env = {}, output = 'inherit') {
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      cwd: root,
      env: { ...process.env, ...env },
      stdio: ['inherit', output, output],
    });
    child.on('exit', (code) => resolve(code ?? 1));
  });
}

for (const name of ['vitest.json', 'playwright.json', 'playwright.log', 'tests.json'])
  rmSync(join(reports, name), { force: true });
mkdirSync(reports, { recursive: true });
const postgres = await startPostgres();
const counts = { passed: 0, failed: 0, skipped: 0 };
const failures = [];
const add = (more) => {
  for (const key of Object.keys(counts)) counts[key] += more[key];
  failures.push(...more.failures);
};
let exitCode = 0;

async function runUnits() {
  const unitFile = join(reports, 'vitest.json');
  // Said here, because the projects of the workspace do not take it from the root's configuration. The times are for a busy machine.
  const options = [
    '--exclude=**/*.long.test.ts',
    '--maxWorkers=2',
    '--testTimeout=20000',
    '--hookTimeout=30000',
  ];
  const reporters = ['--reporter=dot', '--reporter=json', `--outputFile.json=${unitFile}`];
  const code = await run('pnpm', ['exec', 'vitest', 'run', ...options, ...reporters, ...filters], {
    DATABASE_URL: postgres.url,
  });
  exitCode ||= code;
  add(readVitest(unitFile, root));
}

async function runFlows() {
  const browser = await findChromium();
  if (!browser.path) {
    console.error(`Browser tests skipped: ${browser.reason}.`);
    counts.skipped += 1;
    if (process.env.CI === 'true') {
      counts.failed += 1;
      exitCode ||= 1;
    }
    return;
  }
  const browserFile = join(reports, 'playwright.json');
  const log = join(reports, 'playwright.log');
  const file = openSync(log, 'w');
  const env = {
    CHROMIUM_PATH: browser.path,
    DATABASE_URL: postgres.url,
    PLAYWRIGHT_JSON_OUTPUT_NAME: browserFile,
  };
  const code = await run('pnpm', ['--filter', '@alter-ai/e2e', 'exec', 'playwright', 'test'], env, file);
  closeSync(file);
  exitCode ||= code;
  add(readPlaywright(browserFile));
}

try {
  // Side by side: each waits about half of its time for timers, disks and pages.
  const flows = filters.length === 0 ? runFlows() : Promise.resolve();
  await runUnits();
  await flows;
  const log = join(reports, 'playwright.log');
  if (existsSync(log)) process.stdout.write(readFileSync(log));
} finally {
  await postgres.stop();
}
if (counts.failed > 0) exitCode ||= 1;
writeFileSync(join(reports, 'tests.json'), JSON.stringify({ ...counts, failures }));
for (const failure of failures) console.log(`  failed: ${failure}`);
console.log(`tests: ${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`);
process.exit(exitCode);
