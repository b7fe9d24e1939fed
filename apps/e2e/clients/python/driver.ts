import type { Server } from 'node:http';
import { serve } from '@hono/node-server';
import type { Browser } from '@playwright/test';
import { Hono } from 'hono';
import { leaveForProvider, signIn } from '../../harness/browser/connect-flow.js';
import { enterKeyOverHttp, openConnectUrl } from '../../harness/connect-over-http.js';
import { findFreePort } from '../../harness/machine/ports.js';
import { exhaustRefusals } from '../../harness/situations/exhaust-refusals.js';
import type { Situations } from '../../harness/situations/situations.js';
import { type Stack, startStack } from '../../harness/stack.js';

/** How a link is followed. */
interface OpenOrder {
  readonly url: string;
  readonly provider: string;
  readonly user?: string;
  readonly decision?: 'allow' | 'deny';
  /** `browser`: Chromium, as a person does it; `http`: quickly, where the way there is not what is tested. */
  readonly by?: 'browser' | 'http';
}

/** A local server by which a Python process has links opened in a real browser, and reads what it cannot reach itself. */
export interface Driver {
  readonly url: string;
  close(): Promise<void>;
}

/** Starts one over a running stack. */
export async function startDriver(place: Situations, browser: Browser): Promise<Driver> {
  const failures: unknown[] = [];
  const under: Promise<unknown>[] = [];
  let flooded: Promise<Stack> | undefined;
  const app = new Hono();
  app.post('/open', async (context) => {
    const order = (await context.req.json()) as OpenOrder;
    return context.json({ heading: await open(place, browser, order) });
  });
  // A browser program returns when the window is there, not when the person is done.
  app.post('/launch', async (context) => {
    const order = (await context.req.json()) as OpenOrder;
    under.push(open(place, browser, order).catch((error: unknown) => failures.push(error)));
    return context.json({ launched: true }, 202);
  });
  app.post('/enter', async (context) => {
    const { url, value } = (await context.req.json()) as { url: string; value: string };
    return context.json(await enterKeyOverHttp(place.vault.url, url, { value }));
  });
  app.post('/records', async (context) => {
    const { grant_id: grantId } = (await context.req.json()) as { grant_id: string };
    return context.json({ records: place.readRecords(grantId) });
  });
  app.post('/flood', async (context) => {
    flooded ??= startStack();
    const limited = await flooded;
    await exhaustRefusals(limited.vault.url);
    return context.json({ url: limited.vault.url });
  });
  const port = await findFreePort();
  const server = serve({ fetch: app.fetch, port, hostname: '127.0.0.1' }) as Server;
  return {
    url: `http://127.0.0.1:${port}`,
    async close() {
      await Promise.all(under);
      await (await flooded)?.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      if (failures.length > 0) throw failures[0];
    },
  };
}

async function open(place: Situations, browser: Browser, order: OpenOrder): Promise<string> {
  const { url, provider, user = 'alice', decision = 'allow', by = 'browser' } = order;
  if (by === 'http') {
    const done = await openConnectUrl(place.vault.url, url, { providerId: provider, user, decision });
    return String(done.status);
  }
  const context = await browser.newContext();
  try {
    const page = await context.newPage();
    await page.goto(url);
    // A session that repairs a grant goes to the provider by itself.
    const choice = page.getByRole('button', { name: new RegExp(`as ${user}`, 'i') });
    await page.getByRole('button', { name: 'Continue' }).or(choice).first().waitFor();
    if (!(await choice.isVisible())) await leaveForProvider(page);
    await signIn(page, user, decision === 'allow' ? 'Allow' : 'Deny');
    await page.waitForURL(`${place.vault.url}/**`);
    const heading = page.getByRole('heading', { level: 1 }).filter({ hasNotText: 'Loading' });
    await heading.waitFor();
    return (await heading.textContent()) ?? '';
  } finally {
    await context.close();
  }
}
