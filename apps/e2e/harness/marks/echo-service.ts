import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setImmediate } from 'node:timers/promises';

/** How what was sent is written into the answer. */
export const echoForms = {
  plain: (text: string) => text,
  base64: (text: string) => Buffer.from(text, 'latin1').toString('base64'),
  base64url: (text: string) => Buffer.from(`x${text}`, 'latin1').toString('base64url'),
  url: encodeURIComponent,
  hex: (text: string) => Buffer.from(text, 'latin1').toString('hex'),
} as const;
/** Where it is written. */
export const echoPlaces = ['header', 'body'] as const;

const ownHeaders = /^(host|connection|accept.*|user-agent|content-.*|transfer-encoding)$/;

/** A service that sends back what it is called with. */
export interface EchoService {
  readonly url: string;
  readonly host: string;
  /** Calls that arrived. */
  readonly calls: () => number;
  close(): Promise<void>;
}

/** Starts one: `/PLACE/FORM` answers every header and query value of the call, in a body piece by piece. */
export async function startEchoService(): Promise<EchoService> {
  let calls = 0;
  const server = createServer(async (incoming, outgoing) => {
    for await (const _ of incoming);
    calls += 1;
    const { pathname, searchParams } = new URL(incoming.url ?? '/', 'http://echo');
    const [, place, form] = pathname.split('/');
    const write = echoForms[form as keyof typeof echoForms];
    const echoed = [...listHeaderValues(incoming), ...searchParams.values()].map(write);
    if (place === 'header') {
      outgoing.writeHead(200, { 'x-echo': echoed }).end('fine');
      return;
    }
    outgoing.writeHead(200);
    const text = `before\n${echoed.join('\n')}\nafter`;
    for (let at = 0; at < text.length; at += 7) {
      outgoing.write(text.slice(at, at + 7), 'latin1');
      await setImmediate();
    }
    outgoing.end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url: `http://${host}`,
    host,
    calls: () => calls,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function listHeaderValues({ rawHeaders }: IncomingMessage): string[] {
  return rawHeaders.filter(
    (_, at) => at % 2 === 1 && !ownHeaders.test(rawHeaders[at - 1]?.toLowerCase() ?? ''),
  );
}
