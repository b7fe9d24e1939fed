import { serve } from '@hono/node-server';
import { Hono } from 'hono';
import { findFreePort } from '../machine/ports.js';

/** A provider API at the paths of the seeds, which asks the authorization server whose token it was given. */
export interface CalendarApi {
  readonly url: string;
  readonly host: string;
  /** `METHOD /path?query account` of every call that came with a good token. */
  readonly calls: string[];
  close(): Promise<void>;
}

const events = {
  items: [
    { summary: 'Standup', start: { dateTime: '2026-01-01T09:00:00Z' } },
    { start: { date: '2026-01-02' } },
  ],
};

/** Starts one; `findIssuer` because the vault, which must know this host, is started with the server's address. */
export async function startCalendarApi(findIssuer: () => string): Promise<CalendarApi> {
  const calls: string[] = [];
  const app = new Hono();
  app.all('*', async (context) => {
    const answer = await fetch(`${findIssuer()}/me`, {
      headers: { authorization: context.req.header('authorization') ?? '' },
    });
    if (answer.status !== 200) return context.json({ error: 'invalid_token' }, 401);
    const { sub } = (await answer.json()) as { sub: string };
    const url = new URL(context.req.url);
    calls.push(`${context.req.method} ${url.pathname}${url.search} ${sub}`);
    return context.json({ ...events, account: sub });
  });
  const port = await findFreePort();
  const server = serve({ fetch: app.fetch, port, hostname: '127.0.0.1' });
  return {
    url: `http://127.0.0.1:${port}`,
    host: `127.0.0.1:${port}`,
    calls,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}
