import { serve } from '@hono/node-server';
import { findFreePort } from './machine/ports.js';

/** One exchange that went through. */
export interface RecordedExchange {
  readonly path: string;
  readonly requestHeaders: Record<string, string>;
  readonly requestBody: string;
  readonly responseBody: string;
}

/** A real HTTP server between vault and provider that passes everything on and remembers it. */
export interface RecordingProxy {
  readonly url: string;
  readonly exchanges: RecordedExchange[];
  close(): Promise<void>;
}

/** Starts one before `target`. */
export async function startRecordingProxy(target: string): Promise<RecordingProxy> {
  const exchanges: RecordedExchange[] = [];
  const port = await findFreePort();
  const server = serve({
    port,
    hostname: '127.0.0.1',
    fetch: async (request) => {
      const url = new URL(request.url);
      const requestBody = await request.text();
      const headers = Object.fromEntries(request.headers);
      const answer = await fetch(`${target}${url.pathname}${url.search}`, {
        method: request.method,
        headers: { ...headers, host: new URL(target).host },
        redirect: 'manual',
        ...(requestBody ? { body: requestBody } : {}),
      });
      const responseBody = await answer.text();
      exchanges.push({ path: url.pathname, requestHeaders: headers, requestBody, responseBody });
      const responseHeaders = new Headers(answer.headers);
      for (const name of ['content-encoding', 'content-length', 'transfer-encoding'])
        responseHeaders.delete(name);
      return new Response(responseBody, { status: answer.status, headers: responseHeaders });
    },
  });
  return {
    url: `http://127.0.0.1:${port}`,
    exchanges,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}
