// What a browser has to load, against the limits of performance.md (M11, M12).
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const gzipBytes = (path) => gzipSync(readFileSync(path), { level: 9 }).length;
const assets = join(root, 'apps/connect-page/dist/assets');

const rows = [
  {
    name: 'M11 @alter-ai/connect (module)',
    bytes: gzipBytes(join(root, 'packages/connect/dist/alter-connect.esm.js')),
    limit: 4.0,
  },
  {
    name: 'M12 connect page, scripts on first view',
    bytes: readdirSync(assets)
      .filter((name) => name.endsWith('.js'))
      .reduce((sum, name) => sum + gzipBytes(join(assets, name)), 0),
    limit: 110,
  },
];
let failed = 0;
for (const { name, bytes, limit } of rows) {
  const kilobytes = bytes / 1024;
  if (kilobytes > limit) failed += 1;
  console.log(
    `${kilobytes <= limit ? 'ok  ' : 'FAIL'} ${name}: ${kilobytes.toFixed(2)} KB of ${limit} KB gzip`,
  );
}
// The browser library must not carry the server's words.
const bundle = readFileSync(join(root, 'packages/connect/dist/alter-connect.esm.js'), 'utf8');
for (const word of ['x-api-key', 'access_token', 'alter-signing', 'refresh_token']) {
  if (!bundle.includes(word)) continue;
  failed += 1;
  console.log(`FAIL @alter-ai/connect holds "${word}"`);
}
process.exit(failed === 0 ? 0 : 1);
