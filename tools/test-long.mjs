// What takes longer than `npm test` may: processes killed, rotated, pooled and starved. `.ci/run` runs it; ends with one line of true counts.
import { spawn } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findChromium } from './chromium.mjs';
import { startPostgres } from './postgres.mjs';
import { readPlaywright, readVitest } from './read-reports.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const reports = join(root, 'reports');
const reportFile = join(reports, 'long-playwright.json');
const unitFile = join(reports, 'long-vitest.json');
mkdirSync(reports, { recursive: true });
for (const name of ['long-playwright.json', 'long-vitest.json', 'long.json'])
  rmSync(join(reports, name), { force: true });

const browser = await findChromium();
const postgres = await startPostgres();
function run(args) {
  const env = {
    ...process.env,
    ...(browser.path ? { CHROMIUM_PATH: browser.path } : {}),
    DATABASE_URL: postgres.url,
    PLAYWRIGHT_JSON_OUTPUT_NAME: reportFile,
  };
  return new Promise((resolve) => {
    const child = spawn('pnpm', args, { cwd: root, env, stdio: 'inherit' });
    child.on('exit', (code) => resolve(code ?? 1));
  });
}
const options = ['--maxWorkers=2', '--testTimeout=60000', '--hookTimeout=60000'];
const reporters = ['--reporter=dot', '--reporter=json', `--outputFile.json=${unitFile}`];
const codes = [
  await run(['exec', 'vitest', 'run', '.long.test', ...options, ...reporters]),
  await run(['--filter', '@alter-ai/e2e', 'exec', 'playwright', 'test', '-c', 'long.config.ts']),
];
await postgres.stop();
const [units, flows] = [readVitest(unitFile, root), readPlaywright(reportFile)];
const counts = {
  passed: units.passed + flows.passed,
  failed: units.failed + flows.failed,
  skipped: units.skipped + flows.skipped,
  failures: [...units.failures, ...flows.failures],
};
if (codes.some((code) => code !== 0) && counts.failed === 0) counts.failed = 1;
writeFileSync(join(reports, 'long.json'), JSON.stringify(counts));
console.log(`long: ${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`);
process.exit(counts.failed > 0 ? 1 : 0);
