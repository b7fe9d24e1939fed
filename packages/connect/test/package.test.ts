// @vitest-environment node
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { runInNewContext } from 'node:vm';
import { gzipSync } from 'node:zlib';
import { publint } from 'publint';
import { describe, expect, it } from 'vitest';

const root = new URL('..', import.meta.url);
const read = (path: string) => readFileSync(new URL(path, root), 'utf8');
const manifest = JSON.parse(read('package.json'));

describe('the built package', () => {
  it('M11: is at most 4.0 KB minified and gzipped, with no dependency', () => {
    expect(gzipSync(read('dist/alter-connect.esm.js'), { level: 9 }).length).toBeLessThanOrEqual(4096);
    expect(gzipSync(read('dist/alter-connect.js'), { level: 9 }).length).toBeLessThanOrEqual(4096);
    expect(manifest.dependencies).toBeUndefined();
  });

  it('loads as ES module, as CommonJS and on a server without a window', async () => {
    const asModule = await import(new URL('dist/alter-connect.esm.js', root).href);
    const asCommon = createRequire(import.meta.url)('../dist/alter-connect.cjs');
    for (const entry of [asModule, asCommon]) {
      expect(entry.default).toBe(entry.AlterConnect);
      expect(entry.default.create().getVersion()).toBe(manifest.version);
    }
  });

  it('sets window.AlterConnect as a script', () => {
    const page: { AlterConnect?: { create: unknown } } = {};
    runInNewContext(read('dist/alter-connect.js'), page);
    expect(page.AlterConnect?.create).toBeTypeOf('function');
  });

  it('is published right', async () => {
    const { messages } = await publint({ pkgDir: new URL('.', root).pathname, strict: true, pack: false });
    expect(messages).toEqual([]);
  });
});
