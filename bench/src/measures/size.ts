import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { Row } from '../row.js';

const require = createRequire(import.meta.url);
const gzipKilobytes = (path: string) => gzipSync(readFileSync(path), { level: 9 }).length / 1024;

/** M11: the browser library against the published one, minified and gzipped. */
export function measureSize(): Row[] {
  const own = gzipKilobytes(join(dirname(require.resolve('@alter-ai/connect')), 'alter-connect.esm.js'));
  const published = gzipKilobytes(
    join(dirname(require.resolve('published-alter-connect')), 'alter-connect.esm.js'),
  );
  return [
    {
      id: 'M11',
      work: '@alter-ai/connect, min+gzip',
      measured: `${own.toFixed(2)} KB`,
      compared: `published 0.8.0 ${published.toFixed(2)} KB`,
      ratio: (own / published).toFixed(2),
      target: 'at most 4.0 KB',
    },
  ];
}
