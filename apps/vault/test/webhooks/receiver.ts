import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createWaiting } from '../waiting.js';

/** One request that arrived. */
export interface ReceivedMessage {
  readonly id: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  readonly body: { type: string; timestamp: string; data: Record<string, unknown> };
}

/** An endpoint of an app's owner: a real HTTP server. */
export interface Receiver {
  readonly url: string;
  readonly received: ReceivedMessage[];
  /** What it answers from now on: a status, or whatever is done with the response. */
  answer: number | ((response: ServerResponse, message: ReceivedMessage) => void);
  /** Resolves once `isEnough` holds of what was received. */
  waitFor(isEnough: (received: readonly ReceivedMessage[]) => boolean): Promise<void>;
  close(): Promise<void>;
}

/** Starts one on a free port. */
export async function startReceiver(): Promise<Receiver> {
  const received: ReceivedMessage[] = [];
  const waiting = createWaiting();
  const server = createServer(async (request, response) => {
    let text = '';
    for await (const chunk of request.setEncoding('utf8')) text += chunk;
    const message: ReceivedMessage = {
      id: String(request.headers['webhook-id']),
      path: request.url ?? '',
      headers: request.headers,
      text,
      body: JSON.parse(text),
    };
    received.push(message);
    if (typeof receiver.answer === 'number') response.writeHead(receiver.answer).end();
    else receiver.answer(response, message);
    waiting.lookAgain();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const receiver: Receiver = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`,
    received,
    answer: 204,
    waitFor: (isEnough) => waiting.until(() => isEnough(received)),
    close: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
  return receiver;
}
