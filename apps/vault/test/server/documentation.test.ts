import { endpoints, errorCodes, streamEndpoints } from '@alter-ai/core-contract';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestVault, type TestVault } from '../harness.js';

describe('documentation', () => {
  let vault: TestVault;
  beforeAll(async () => {
    vault = await startTestVault({ kind: 'sqlite' });
  });
  afterAll(() => vault?.close());

  it.each(errorCodes)('T3: %s has a page with cause, remedy, facts and example', async (code) => {
    const page = await vault.app.request(`/docs/errors/${code}`);
    expect(page.status).toBe(200);
    const html = await page.text();
    for (const part of [
      '<h2>Cause</h2>',
      '<h2>What to do</h2>',
      '<h2>Facts</h2>',
      '<h2>Example</h2>',
      'lang="en"',
    ]) {
      expect(html).toContain(part);
    }
    expect(html).not.toContain('<script');
  });

  it('T4: pages carry a policy without any script', async () => {
    const page = await vault.app.request('/docs');
    expect(page.headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(page.headers.get('content-security-policy')).not.toContain('script');
    expect(page.headers.get('x-content-type-options')).toBe('nosniff');
  });

  it('every link of the documentation leads somewhere', async () => {
    const seen = new Set<string>();
    const queue = ['/docs'];
    const dead: string[] = [];
    for (let path = queue.pop(); path !== undefined; path = queue.pop()) {
      if (seen.has(path)) continue;
      seen.add(path);
      const page = await vault.app.request(path);
      if (page.status !== 200) {
        dead.push(path);
        continue;
      }
      if (!page.headers.get('content-type')?.startsWith('text/html')) continue;
      const html = await page.text();
      for (const [, target = ''] of html.matchAll(/(?:href|src)="(\/[^"#]*)/g)) queue.push(target);
    }
    expect(dead).toEqual([]);
    expect(seen.size).toBeGreaterThan(errorCodes.length);
  });

  it('a path that leads out of the documentation is 404', async () => {
    for (const path of [
      '/docs/nothing',
      '/docs/%2e%2e/package',
      '/docs/..%2f..%2fpackage.json',
      '/docs/images/..%2findex.png',
    ]) {
      expect((await vault.app.request(path)).status).toBe(404);
    }
  });

  it('llms.txt lists every error and the pages, and openapi.json every endpoint', async () => {
    const index = await (await vault.app.request('/llms.txt')).text();
    for (const code of errorCodes) expect(index).toContain(`/docs/errors/${code}.md`);
    const raw = await vault.app.request('/docs/errors/invalid_key.md');
    expect(await raw.text()).toContain('# invalid_key');
    const document = (await (await vault.app.request('/openapi.json')).json()) as {
      openapi: string;
      paths: Record<string, unknown>;
    };
    expect(document.openapi).toBe('3.1.0');
    expect(Object.keys(document.paths).sort()).toEqual(
      [
        ...new Set(Object.values({ ...endpoints, ...streamEndpoints }).map((endpoint) => endpoint.path)),
      ].sort(),
    );
  });

  it('every endpoint of the contract is served', async () => {
    for (const { path, method } of Object.values({ ...endpoints, ...streamEndpoints })) {
      const answer = await vault.app.request(path.replace('{grant_id}', 'x'), { method });
      expect([path, answer.status]).not.toEqual([path, 404]);
      expect([path, answer.status]).not.toEqual([path, 405]);
    }
  });
});
