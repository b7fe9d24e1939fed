import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { answerMalformed } from './http/intake/malformed-request.js';

/** Answers one request. */
export type RequestListener = (incoming: IncomingMessage, outgoing: ServerResponse) => unknown;

/** A socket that listens. */
export interface ListeningServer {
  readonly port: number;
  /** Hands over to the application; until then everything is answered with 503. `publicUrl` is where errors are explained. */
  serve(listener: RequestListener, publicUrl: string): void;
  /** Takes no further connection, lets accepted requests finish, and cuts those that take longer. */
  drain(timeoutMs: number): Promise<void>;
}

/** The address is in use, or may not be used. */
export class ListenError extends Error {
  readonly code: string;

  constructor(host: string, port: number, code: string) {
    const why =
      code === 'EADDRINUSE'
        ? 'is in use by another program; set PORT to another one'
        : `cannot be used (${code})`;
    super(`HOST and PORT: ${host}:${port} ${why}`);
    this.name = 'ListenError';
    this.code = code;
  }
}

const starting = JSON.stringify({
  error: 'service_unavailable',
  message: 'The server is starting.',
  retryable: true,
  user_action: 'retry',
  documentation_url: '/docs/errors/service_unavailable',
  request_id: '',
});

/** Callers that may wait to be taken in: beyond it a connection is tried again a second later. */
const backlogMax = 4096;

/** How long a connection may take to say what it wants, in milliseconds. */
export interface HeadLimits {
  /** From the first byte of a request, and from the opening of the connection, to the end of its headers. */
  readonly headersMs: number;
  /** How often connections are looked at. */
  readonly lookMs: number;
}

/** A connection on which nothing moves is ended: longer than any call of a provider may take, and than it may be silent. */
const quietMs = 150_000;

const headLimits: HeadLimits = { headersMs: 20_000, lookMs: 5_000 };

/** Opens the socket before anything else is done, so that a taken port changes nothing. @throws ListenError */
export async function listen(
  host: string,
  port: number,
  { headersMs, lookMs }: HeadLimits = headLimits,
): Promise<ListeningServer> {
  let current: RequestListener = (_incoming, outgoing) => {
    outgoing.writeHead(503, { 'Content-Type': 'application/json', 'Retry-After': '1' }).end(starting);
  };
  const server = createServer(
    {
      keepAliveTimeout: 65_000,
      headersTimeout: headersMs,
      connectionsCheckingInterval: lookMs,
      // Bodies have limits of their own, as streamed ones may take as long as they move.
      requestTimeout: 0,
    },
    (incoming, outgoing) => current(incoming, outgoing),
  );
  server.timeout = quietMs;
  // Node counts a connection as idle only after its first request; browsers open some to spare.
  const unused = new Set<Socket>();
  server.on('connection', (socket) => {
    unused.add(socket);
    socket.once('close', () => unused.delete(socket));
  });
  server.on('request', (incoming) => unused.delete(incoming.socket));
  let explainedAt = '';
  server.on('clientError', (error, socket) => answerMalformed(error, socket, explainedAt));
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => {
      reject(new ListenError(host, port, 'code' in error ? String(error.code) : 'unknown error'));
    });
    server.listen({ port, host, backlog: backlogMax }, resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    serve: (listener, publicUrl) => {
      current = listener;
      explainedAt = publicUrl;
    },
    drain: (timeoutMs) => drainServer(server, unused, timeoutMs),
  };
}

async function drainServer(server: Server, unused: ReadonlySet<Socket>, timeoutMs: number): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  for (const socket of unused) if (socket.bytesRead === 0) socket.destroy();
  // A connection that finishes its request now would otherwise wait for its next one.
  const idle = setInterval(() => server.closeIdleConnections(), 50);
  const late = setTimeout(() => server.closeAllConnections(), timeoutMs);
  server.closeIdleConnections();
  await closed;
  clearInterval(idle);
  clearTimeout(late);
}
