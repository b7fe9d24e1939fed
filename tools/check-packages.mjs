// The published packages as their users get them: packed, linted, installed by a consumer outside of the workspace, imported and typed.
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const members = ['core-contract', 'core-crypto', 'sdk', 'connect'];
const work = mkdtempSync(join(tmpdir(), 'alter-pack-'));

function run(command, args, cwd) {
  const result = spawnSync(command, args, { cwd, encoding: 'utf8' });
  if (result.status === 0) return result.stdout;
  throw new Error(`${command} ${args.join(' ')} failed:\n${result.stdout}${result.stderr}`);
}

try {
  for (const member of members) {
    const folder = join(root, 'packages', member);
    run('pnpm', ['pack', '--pack-destination', work], folder);
    const { publint } = await import(
      createRequire(join(root, 'packages/connect/package.json')).resolve('publint').replace(/^/, 'file://')
    );
    const { messages } = await publint({ pkgDir: folder, level: 'warning', pack: false });
    if (messages.length > 0)
      throw new Error(`${member}: ${messages.map((message) => message.code).join(', ')}`);
  }
  const tarballs = readdirSync(work).filter((name) => name.endsWith('.tgz'));
  if (tarballs.length !== members.length)
    throw new Error(`expected ${members.length} tarballs, found ${tarballs.length}`);
  const consumer = join(work, 'consumer');
  mkdirSync(consumer);
  const tarballOf = (member) => {
    const name = JSON.parse(readFileSync(join(root, 'packages', member, 'package.json'), 'utf8')).name;
    const file = tarballs.find((candidate) => candidate.startsWith(name.replace('@', '').replace('/', '-')));
    return [name, `file:${join(work, file)}`];
  };
  const dependencies = Object.fromEntries(members.map(tarballOf));
  writeFileSync(
    join(consumer, 'package.json'),
    JSON.stringify({
      private: true,
      type: 'module',
      // A consumer on Node has its types.
      dependencies: { ...dependencies, '@types/node': '^24.10.0' },
      overrides: dependencies,
    }),
  );
  run('npm', ['install', '--no-audit', '--no-fund', '--ignore-scripts', '--loglevel=error'], consumer);
  writeFileSync(
    join(consumer, 'use.mts'),
    `import { AlterVault, App, HttpMethod, GrantNotFoundError } from '@alter-ai/alter-sdk';
import AlterConnect, { AlterConnect as Named } from '@alter-ai/connect';
const app: App = new AlterVault({ apiKey: 'alter_key_app_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', baseUrl: 'http://127.0.0.1:9' });
const isSame: boolean = AlterConnect === Named && HttpMethod.GET === 'GET' && GrantNotFoundError.prototype instanceof Error;
await app.close();
if (!isSame) throw new Error('the packages do not export what they say');
`,
  );
  const compiler = join(root, 'node_modules', '.bin', 'tsc');
  run(
    compiler,
    [
      '--strict',
      '--module',
      'nodenext',
      '--target',
      'es2023',
      '--lib',
      'es2023,dom,esnext.disposable',
      '--skipLibCheck',
      'false',
      '--types',
      'node',
      '--outDir',
      'out',
      'use.mts',
    ],
    consumer,
  );
  run('node', [join('out', 'use.mjs')], consumer);
  run(
    'node',
    [
      '-e',
      "const { AlterConnect } = require('@alter-ai/connect'); if (typeof AlterConnect.create !== 'function') process.exit(1)",
    ],
    consumer,
  );
  console.log(`${members.length} packages packed, linted, installed and used`);
} finally {
  rmSync(work, { recursive: true, force: true });
}
