import { endpoints, errorCodes, streamEndpoints } from '@alter-ai/core-contract';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestVault, type TestVault } from '../harness.js';

describe('documentation', () => {
  let vault: TestVault;
  beforeAll(async () => {
    vault = await startTestVault({ kind: 'sqlite' });
  });
  afterAll(() => vault?.close());
  const listIndexed = async () =>
    [...(await (await vault.app.request('/llms.txt')).text()).matchAll(/\]\((\S+)\)/g)].map(
      ([, url = '']) => new URL(url).pathname,
    );

  it.each(errorCodes)('T3: %s has a page with cause, remedy, facts and example', async (code) => {
    const page = await vault.app.request(`/docs/errors/${code}`);
    expect(page.status).toBe(200);
    const html = await page.text();
    for (const part of [
      '<h2 id="cause">Cause</h2>',
      '<h2 id="what-to-do">What to do</h2>',
      '<h2 id="facts">Facts</h2>',
      '<h2 id="example">Example</h2>',
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

  it('every link of every page leads somewhere, and every fragment to a heading of that page', async () => {
    const pages = new Map<string, string>();
    const links: { from: string; to: URL }[] = [];
    const dead: string[] = [];
    const queue = ['/docs', ...(await listIndexed())];
    for (let path = queue.pop(); path !== undefined; path = queue.pop()) {
      if (pages.has(path)) continue;
      const page = await vault.app.request(path);
      if (page.status !== 200) dead.push(path);
      const isHtml = page.headers.get('content-type')?.startsWith('text/html') === true;
      const html = isHtml ? await page.text() : '';
      pages.set(path, html);
      for (const [, target = ''] of html.matchAll(/(?:href|src)="([^"]*)/g)) {
        const to = new URL(target.replaceAll('&amp;', '&'), `http://vault.invalid${path}`);
        if (to.host !== 'vault.invalid') continue;
        links.push({ from: path, to });
        queue.push(to.pathname);
      }
    }
    for (const { from, to } of links) {
      const id = decodeURIComponent(to.hash.slice(1));
      if (id !== '' && !pages.get(to.pathname)?.includes(` id="${id}"`))
        dead.push(`${from} -> ${to.pathname}${to.hash}`);
    }
    expect(dead).toEqual([]);
    expect(links.filter(({ to }) => to.hash !== '').length).toBeGreaterThan(5);
    expect(pages.size).toBeGreaterThan(errorCodes.length);
  });

  it('summaries are whole sentences without links; tables scroll, and those without a head have no empty row', async () => {
    const index = await (await vault.app.request('/llms.txt')).text();
    const summaries = [...index.matchAll(/^- \[[^\]]*\]\(\S+\): (.*)$/gm)].map(([, text = '']) => text);
    expect(summaries.length).toBeGreaterThan(errorCodes.length);
    for (const summary of summaries) expect(summary).toMatch(/^[^[\]]*[.!?]\)?$/);
    const html = await (await vault.app.request('/docs/errors/invalid_key')).text();
    expect(html).toMatch(/<div class="table"[^>]*tabindex="0"[^>]*><table>\s*<tbody>/);
    expect(html).not.toMatch(/<th[^>]*><\/th>/);
  });

  it('/ leads to the documentation, and a page that there is not says so as a page', async () => {
    const root = await vault.app.request('/');
    expect([root.status, root.headers.get('location')]).toEqual([302, '/docs']);
    const missing = await vault.app.request('/docs/no/such-page');
    expect(missing.status).toBe(404);
    expect(missing.headers.get('content-type')).toContain('text/html');
    expect(await missing.text()).toContain('href="/docs"');
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
