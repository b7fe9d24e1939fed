import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { serve } from '@hono/node-server';
import { Hono } from 'hono';

const require = createRequire(import.meta.url);

/** Which browser library a page loads. */
export type Library = 'ours' | 'published';

const libraryFiles: Record<Library, () => string> = {
  ours: () => join(dirname(require.resolve('@alter-ai/connect')), 'alter-connect.esm.js'),
  published: () => join(dirname(require.resolve('published-alter-connect')), 'alter-connect.esm.js'),
};

/** Tests set this page up themselves: it offers a button and a place for the outcome, and runs what `window.connect` is set to. */
const pageBody = (
  library: Library,
) => `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Application</title>
<meta name="viewport" content="width=device-width, initial-scale=1"></head>
<body><h1>Application</h1><button id="connect">Connect</button><pre id="outcome"></pre>
<script type="module">
import * as library from '/library/${library}.js';
window.AlterConnect = library.default ?? library.AlterConnect;
const show = (kind, value) => { document.querySelector('#outcome').textContent += JSON.stringify({ kind, value }) + '\\n'; };
window.show = show;
window.client = window.AlterConnect.create({ debug: ${library === 'published'} });
window.client.on('success', (value) => show('event:success', value));
window.client.on('error', (value) => show('event:error', value));
document.querySelector('#connect').addEventListener('click', async () => {
  const session = fetch('/session' + location.search, { method: 'POST' }).then((answer) => answer.json());
  const mode = new URLSearchParams(location.search).get('mode');
  const callbacks = {
    onSuccess: (value) => show('success', value),
    onError: (value) => show('error', value),
    onExit: () => show('exit', null),
  };
  const token = () => session.then((value) => value.session_token);
  if (mode === 'promise') return void (await window.client.open({ token: token(), ...callbacks }));
  if (mode === 'function') return void (await window.client.open({ token, ...callbacks }));
  if (mode === 'url') return void (await window.client.open({ url: session.then((value) => value.connect_url), ...callbacks }));
  const value = window.prepared ?? (await session);
  await window.client.open({ token: value.session_token, baseURL: value.base_url, ...callbacks });
});
window.prepare = async () => { window.prepared = await fetch('/session' + location.search, { method: 'POST' }).then((a) => a.json()); };
document.body.dataset.ready = 'true';
</script></body></html>`;

/** A running application page on 127.0.0.1, another site than the vault's localhost. */
export interface Application {
  readonly origin: string;
  close(): Promise<void>;
}

/** What the page's server does when the page wants a session. */
export type CreateSession = (
  query: URLSearchParams,
) => Promise<{ session_token: string; connect_url: string; base_url: string }>;

/** Starts the application; `port` first, because the vault must know its origin before a session can be made. */
export async function startApplication(
  port: number,
  createSession: () => CreateSession,
): Promise<Application> {
  const app = new Hono();
  app.get('/', (context) =>
    context.html(pageBody(context.req.query('library') === 'published' ? 'published' : 'ours')),
  );
  app.get('/connected', (context) =>
    context.html(pageBody(context.req.query('library') === 'published' ? 'published' : 'ours')),
  );
  app.get('/library/:name', (context) => {
    const name = context.req.param('name') === 'published.js' ? 'published' : 'ours';
    return context.body(readFileSync(libraryFiles[name](), 'utf8'), 200, {
      'Content-Type': 'text/javascript',
    });
  });
  app.post('/session', async (context) => {
    const query = new URL(context.req.url).searchParams;
    return context.json(await createSession()(query));
  });
  const server = serve({ fetch: app.fetch, port, hostname: '127.0.0.1' });
  return {
    origin: `http://127.0.0.1:${port}`,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}
