// What takes longer than `npm test` may: processes killed, rotated, pooled and starved. `.ci/run` runs it; ends with one line of true counts.
import { spawn } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startPostgres } from './postgres.mjs';
import { readPlaywright } from './read-reports.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const reports = join(root, 'reports');
const reportFile = join(reports, 'long-playwright.json');
mkdirSync(reports, { recursive: true });
for (const name of ['long-playwright.json', 'long.json']) rmSync(join(reports, name), { force: true });

const postgres = await startPostgres();
const exitCode = await new Promise((resolve) => {
  const args = ['--filter', '@alter-ai/e2e', 'exec', 'playwright', 'test', '-c', 'long.config.ts'];
  const env = { ...process.env, DATABASE_URL: postgres.url, PLAYWRIGHT_JSON_OUTPUT_NAME: reportFile };
  const child = spawn('pnpm', [...args, ...process.argv.slice(2)], { cwd: root, env, stdio: 'inherit' });
  child.on('exit', (code) => resolve(code ?? 1));
});
await postgres.stop();
const counts = readPlaywright(reportFile);
if (exitCode !== 0 && counts.failed === 0) counts.failed = 1;
writeFileSync(join(reports, 'long.json'), JSON.stringify(counts));
console.log(`long: ${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`);
process.exit(counts.failed > 0 ? 1 : 0);
