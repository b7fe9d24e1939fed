import { readdirSync, readFileSync } from 'node:fs';
import { dirname, extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** One built file of the connect page. */
export interface PageFile {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly contentType: string;
}

const contentTypes: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
  '.png': 'image/png',
};

const builtPage = join(
  dirname(fileURLToPath(import.meta.url)),
  '..',
  '..',
  '..',
  '..',
  'connect-page',
  'dist',
);

/** The built connect page, read once: its document, and its assets by file name. Undefined when it has not been built. */
export function readPageFiles(
  folder: string = builtPage,
): { document: PageFile; assets: ReadonlyMap<string, PageFile> } | undefined {
  const read = (path: string): PageFile => ({
    bytes: new Uint8Array(readFileSync(path)),
    contentType: contentTypes[extname(path)] ?? 'application/octet-stream',
  });
  try {
    const names = readdirSync(join(folder, 'assets'));
    return {
      document: read(join(folder, 'index.html')),
      assets: new Map(names.map((name) => [name, read(join(folder, 'assets', name))])),
    };
  } catch {
    return undefined;
  }
}
