// The whole of what CI checks, one step after the other (two cores), ending with one line of true counts.
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const reports = join(root, 'reports');

/** `counts` names a file that the step writes with its own counts; without one the step itself counts as one. */
const steps = [
  { name: 'tests', command: ['npm', 'test'], counts: 'tests.json' },
  { name: 'published clients', command: ['npm', 'run', 'test:clients'], counts: 'clients.json' },
  { name: 'long tests', command: ['npm', 'run', 'test:long'], counts: 'long.json' },
  { name: 'mutation', command: ['npm', 'run', 'mutation'] },
  { name: 'guarantees', command: ['node', 'tools/check-guarantees.mjs', '--reports'] },
  { name: 'types of tests', command: ['node', 'tools/check-types.mjs'] },
  { name: 'lint', command: ['pnpm', 'exec', 'biome', 'ci', '.'] },
  { name: 'dead code', command: ['pnpm', 'exec', 'knip'] },
  { name: 'dead code in production', command: ['pnpm', 'exec', 'knip', '--production'] },
  { name: 'lockfiles name no host', command: ['node', 'tools/check-lockfiles.mjs'] },
  { name: 'sizes', command: ['node', 'tools/check-sizes.mjs'] },
  { name: 'packaging', command: ['node', 'tools/check-packages.mjs'] },
];

function run([program, ...args]) {
  return new Promise((resolve) => {
    const child = spawn(program, args, { cwd: root, stdio: 'inherit', env: { ...process.env, CI: 'true' } });
    child.on('error', () => resolve(1));
    child.on('exit', (code) => resolve(code ?? 1));
  });
}

function readCounts(file, code) {
  const path = join(reports, file);
  const counts = existsSync(path)
    ? JSON.parse(readFileSync(path, 'utf8'))
    : { passed: 0, failed: 1, skipped: 0 };
  // A runner that ends badly with no test to blame is a failure of its own.
  return code !== 0 && counts.failed === 0 ? { ...counts, failed: 1 } : counts;
}

rmSync(reports, { recursive: true, force: true });
mkdirSync(reports, { recursive: true });
const total = { passed: 0, failed: 0, skipped: 0 };
const lines = [];
const failures = [];
for (const step of steps) {
  const startedAt = Date.now();
  console.log(`\n== ${step.name}`);
  const code = await run(step.command);
  const counts = step.counts
    ? readCounts(step.counts, code)
    : { passed: code === 0 ? 1 : 0, failed: code === 0 ? 0 : 1, skipped: 0 };
  for (const key of Object.keys(total)) total[key] += counts[key] ?? 0;
  for (const failure of counts.failures ?? []) failures.push(`${step.name}: ${failure}`);
  const seconds = Math.round((Date.now() - startedAt) / 1000);
  lines.push(
    `${counts.failed === 0 ? 'ok  ' : 'FAIL'} ${step.name}: ${counts.passed} passed, ${counts.failed} failed (${seconds} s)`,
  );
}
if (failures.length > 0) console.log(`\nFailed:\n${failures.join('\n')}`);
console.log(`\n${lines.join('\n')}`);
console.log(
  `${total.passed} passed, ${total.failed} failed${total.skipped > 0 ? `, ${total.skipped} skipped` : ''}`,
);
process.exit(total.failed === 0 ? 0 : 1);
