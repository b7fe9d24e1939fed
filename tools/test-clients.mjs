// `npm run test:clients`: the published Python client in a fresh virtual environment, and the published browser library in
// Chromium, unmodified, against the real vault. Writes reports/clients.json and ends with one line of true counts.
import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findChromium } from './chromium.mjs';
import { readPlaywright } from './read-reports.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const reports = join(root, 'reports');
const clientRelease = 'alter-sdk==0.29.0';
const isWindows = process.platform === 'win32';

/** Runs a program to its end; undefined when it went well, else what it said. */
function tryRun(program, args) {
  const result = spawnSync(program, args, { encoding: 'utf8', timeout: 300_000 });
  if (result.status === 0) return undefined;
  return (result.error?.message ?? `${result.stdout}${result.stderr}`).trim();
}

/** Makes a virtual environment with the published client: its interpreter, or `{ reason }` why there is none. */
function preparePython(folder) {
  const python = ['python3', 'python'].find(
    (name) => tryRun(name, ['-c', 'import sys; sys.exit(sys.version_info < (3, 10))']) === undefined,
  );
  if (!python) return { reason: 'there is no Python 3.10 or newer on this machine' };
  const missing = tryRun(python, ['-m', 'venv', folder]);
  if (missing) return { reason: `Python has no venv module (Debian: python3-venv)\n${missing}` };
  const interpreter = isWindows ? join(folder, 'Scripts', 'python.exe') : join(folder, 'bin', 'python');
  const install = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', clientRelease];
  const refused = tryRun(interpreter, install);
  return refused ? { reason: `${clientRelease} could not be installed\n${refused}` } : { interpreter };
}

function runPlaywright(args, env) {
  return new Promise((resolve) => {
    const command = ['--filter', '@alter-ai/e2e', 'exec', 'playwright', 'test'];
    const child = spawn('pnpm', [...command, '--config=clients/playwright.config.ts', ...args], {
      cwd: root,
      env: { ...process.env, ...env },
      stdio: 'inherit',
      shell: isWindows,
    });
    child.on('error', () => resolve(1));
    child.on('exit', (code) => resolve(code ?? 1));
  });
}

mkdirSync(reports, { recursive: true });
const reportFile = join(reports, 'clients-playwright.json');
for (const file of [reportFile, join(reports, 'clients.json')]) rmSync(file, { force: true });
const counts = { passed: 0, failed: 0, skipped: 0 };
const failures = [];
let exitCode = 0;

/** What cannot run here is said and counted; on CI it is a failure. */
function skip(what, reason) {
  console.error(`${what} not run: ${reason}.`);
  counts[process.env.CI === 'true' ? 'failed' : 'skipped'] += 1;
}

const environment = mkdtempSync(join(tmpdir(), 'alter-clients-'));
try {
  const browser = await findChromium();
  const python = preparePython(environment);
  if (python.reason) skip('Published Python client', python.reason);
  if (browser.reason) skip('Published browser library and the sign-in of the Python client', browser.reason);
  else {
    exitCode = await runPlaywright(python.reason ? ['browser'] : [], {
      CHROMIUM_PATH: browser.path,
      PLAYWRIGHT_JSON_OUTPUT_NAME: reportFile,
      ...(python.interpreter ? { ALTER_CLIENTS_PYTHON: python.interpreter } : {}),
    });
    const { failures: failed, ...results } = readPlaywright(reportFile);
    failures.push(...failed);
    for (const [name, count] of Object.entries(results)) counts[name] += count;
  }
} finally {
  rmSync(environment, { recursive: true, force: true });
}
if (exitCode !== 0 && counts.failed === 0) counts.failed = 1;
writeFileSync(join(reports, 'clients.json'), JSON.stringify({ ...counts, failures }));
console.log(
  `clients: ${counts.passed} passed, ${counts.failed} failed${counts.skipped > 0 ? `, ${counts.skipped} skipped` : ''}`,
);
process.exit(counts.failed > 0 ? 1 : 0);
