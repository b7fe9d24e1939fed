// Three bundles of one source (ESM, CJS, script tag) and the types of the first two.
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';

const root = dirname(fileURLToPath(import.meta.url));
const dist = join(root, 'dist');
rmSync(dist, { recursive: true, force: true });

const bundles = [
  { format: 'esm', entry: 'index.ts', file: 'alter-connect.esm.js' },
  { format: 'cjs', entry: 'index.ts', file: 'alter-connect.cjs' },
  { format: 'iife', entry: 'script-tag.ts', file: 'alter-connect.js' },
];
for (const { format, entry, file } of bundles) {
  await build({
    entryPoints: [join(root, 'src', entry)],
    outfile: join(dist, file),
    bundle: true,
    format,
    minify: true,
    // The class's private members, and names that only one module hands to another.
    mangleProps: /^(_.+|isUsable|openWindow|useThisTab|cancel|block|finish|base)$/,
    target: 'es2020',
    tsconfigRaw: { compilerOptions: { useDefineForClassFields: false } },
    platform: 'browser',
  });
  console.log(file, gzipSync(readFileSync(join(dist, file)), { level: 9 }).length, 'bytes gzip');
}

const types = spawnSync(
  process.execPath,
  [join(root, 'node_modules', 'typescript', 'bin', 'tsc'), '-p', 'tsconfig.build.json'],
  {
    cwd: root,
    stdio: 'inherit',
  },
);
if (types.status !== 0) process.exit(types.status ?? 1);
// The same declarations under a folder that says CommonJS, for `require`.
mkdirSync(join(dist, 'cjs'));
for (const name of readdirSync(dist)) {
  if (name.endsWith('.d.ts') || name === 'flow')
    cpSync(join(dist, name), join(dist, 'cjs', name), { recursive: true });
}
writeFileSync(join(dist, 'cjs', 'package.json'), '{ "type": "commonjs" }\n');
