import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import type { Row } from '../../row.js';

const require = createRequire(import.meta.url);
const pageDist = join(
  dirname(fileURLToPath(import.meta.url)),
  '..',
  '..',
  '..',
  '..',
  'apps',
  'connect-page',
  'dist',
);
const gzipKilobytes = (path: string) => gzipSync(readFileSync(path), { level: 9 }).length / 1024;

/** M11: the browser library against the published one; M12: what the connect page loads on first view. Gzipped. */
export function measureSizes(): Row[] {
  const own = gzipKilobytes(join(dirname(require.resolve('@alter-ai/connect')), 'alter-connect.esm.js'));
  const published = gzipKilobytes(
    join(dirname(require.resolve('published-alter-connect')), 'alter-connect.esm.js'),
  );
  const scripts = listFirstScripts(readFileSync(join(pageDist, 'index.html'), 'utf8'));
  const page = scripts.reduce((sum, name) => sum + gzipKilobytes(join(pageDist, 'assets', name)), 0);
  return [
    {
      id: 'M11',
      work: '@alter-ai/connect, min+gzip',
      measured: `${own.toFixed(2)} KB`,
      compared: `published 0.8.0 ${published.toFixed(2)} KB`,
      ratio: (own / published).toFixed(2),
      target: 'at most 4.0 KB',
    },
    {
      id: 'M12',
      work: `connect page, JavaScript on first view (${scripts.length} file${scripts.length === 1 ? '' : 's'})`,
      measured: `${page.toFixed(1)} KB`,
      compared: 'react-dom alone 69 KB',
      ratio: (page / 69).toFixed(2),
      target: 'at most 110 KB',
    },
  ];
}

/** Scripts that the page names itself; what they load later is not on first view. */
function listFirstScripts(html: string): string[] {
  return [...html.matchAll(/(?:src|href)="([^"]+\.js)"/g)].map(([, path = '']) => basename(path));
}
