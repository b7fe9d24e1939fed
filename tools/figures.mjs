// `npm run figures`: the figures of R in docs/guarantees.md, counted by the provider's own log, on a PostgreSQL of its own.
import { spawn } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startPostgres } from './postgres.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const postgres = await startPostgres();
const program = join(root, 'apps', 'e2e', 'dist', 'figures', 'main.js');
const child = spawn(process.execPath, [program, ...process.argv.slice(2)], {
  stdio: 'inherit',
  env: { ...process.env, DATABASE_URL: postgres.url },
});
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal));
const code = await new Promise((resolve) => child.on('exit', resolve));
await postgres.stop();
process.exit(code ?? 1);
