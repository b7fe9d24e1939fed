// `npm run bench`: prints the table of ratios (performance.md of the design, docs/performance.md here).
import { spawn } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startPostgres } from './postgres.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const args = process.argv.slice(2);
const only = args.includes('--only') ? (args[args.indexOf('--only') + 1] ?? '') : undefined;
const needsPostgres = only === undefined || only.split(',').some((id) => id === 'M1' || id === 'M2');
const postgres = needsPostgres ? await startPostgres({ isDurable: true }) : undefined;

const child = spawn(process.execPath, [join(root, 'bench', 'dist', 'main.js'), ...args], {
  stdio: 'inherit',
  env: { ...process.env, ...(postgres ? { BENCH_DATABASE_URL: postgres.url } : {}) },
});
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal));
child.on('exit', async (code) => {
  await postgres?.stop();
  process.exit(code ?? 1);
});
