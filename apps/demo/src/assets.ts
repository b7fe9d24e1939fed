import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Hono } from 'hono';

const types: Record<string, string> = {
  css: 'text/css; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  svg: 'image/svg+xml',
};

/** The page's style, its module, and the popup library as it is published. */
export function createAssetRoutes(): Hono {
  const routes = new Hono();
  const add = (name: string, url: string | URL) => {
    const content = readFileSync(fileURLToPath(url));
    const type = types[name.split('.').at(-1) ?? ''] ?? 'application/octet-stream';
    routes.get(`/assets/${name}`, (context) =>
      context.body(content, 200, { 'content-type': type, 'cache-control': 'no-cache' }),
    );
  };
  for (const name of ['demo.css', 'demo.js', 'icon.svg'])
    add(name, new URL(`../public/${name}`, import.meta.url));
  add('alter-connect.js', import.meta.resolve('@alter-ai/connect'));
  return routes;
}
