// A browser for tests: CHROMIUM_PATH, the system's, or one from the npm registry.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { importFallback } from './fallback.mjs';

const places = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/snap/bin/chromium',
];

/** Path of a Chromium that starts, or `{ reason }` why there is none. */
export async function findChromium() {
  const wanted = process.env.CHROMIUM_PATH;
  const found = wanted ?? places.find((place) => existsSync(place));
  const path = found ?? (await unpackPackaged());
  const probe = spawnSync(path, ['--version', '--no-sandbox'], { encoding: 'utf8', timeout: 20_000 });
  if (probe.status === 0) return { path };
  const missing = /error while loading shared libraries: ([^:]+)/.exec(probe.stderr ?? '');
  return {
    reason: missing ? `the browser lacks the system library ${missing[1]}` : 'the browser does not start',
  };
}

async function unpackPackaged() {
  console.log('No Chromium on this machine: taking one from the npm registry.');
  const { default: chromium } = await importFallback('@sparticuz/chromium');
  return chromium.executablePath();
}
