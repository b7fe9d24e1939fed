// Loads a package of tools/fallback, installing that folder first. Only machines without PostgreSQL or Chromium come here.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const folder = join(dirname(fileURLToPath(import.meta.url)), 'fallback');

export async function importFallback(name) {
  if (!existsSync(join(folder, 'node_modules', name))) {
    const result = spawnSync('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], {
      cwd: folder,
      stdio: 'inherit',
    });
    if (result.status !== 0) throw new Error(`could not install ${name}`);
  }
  const require = createRequire(join(folder, 'package.json'));
  return import(pathToFileURL(require.resolve(name)).href);
}
