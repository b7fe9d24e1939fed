import type { IncomingMessage, ServerResponse } from 'node:http';
import { openRequest } from '../create-context.js';
import { type Answering, prepareAnswering, type ServerParts } from '../handle-endpoint.js';
import { type Answer, letGo, sendStreamed } from '../respond.js';
import type { RouteRegistration } from '../route.js';
import { readNodeHead } from './request-head.js';

type Listener = (incoming: IncomingMessage, outgoing: ServerResponse) => unknown;

interface DirectEndpoint {
  readonly method: string;
  readonly answer: Answering;
}

/** Host names and addresses in their usual spelling; what is odd is judged by Hono's own reading of the address. */
const plainHost = /^(?:[a-z0-9]+(?:[-.][a-z0-9]+)*|\[[0-9a-f:.]+\])(?::\d{1,5})?$/i;

/**
 * Answers plain requests of the endpoints that are `isDirect` straight to Node's response, and leaves all others to `next`. The
 * endpoint is the same either way; only what a web-standard Request and Response cost is left out.
 */
export function createDirectListener(
  parts: ServerParts,
  routes: readonly RouteRegistration[],
  next: Listener,
): Listener {
  const endpoints = new Map<string, DirectEndpoint>();
  for (const registration of routes) {
    if (registration.kind !== 'endpoint' || registration.options.isDirect !== true) continue;
    const { path, method } = registration.endpoint;
    if (path.includes('{') || endpoints.has(path)) throw new Error(`${path} cannot be answered directly.`);
    endpoints.set(path, { method, answer: prepareAnswering(parts, registration) });
  }
  return (incoming, outgoing) => {
    const endpoint = endpoints.get(incoming.url ?? '');
    const isPlain = endpoint?.method === incoming.method && plainHost.test(incoming.headers.host ?? '');
    if (endpoint === undefined || !isPlain) return next(incoming, outgoing);
    const head = readNodeHead(incoming);
    const request = openRequest(parts.deps, head, parts.readSourceAddress(head));
    return endpoint.answer(request).then((answer) => writeAnswer(incoming, outgoing, answer));
  };
}

function writeAnswer(incoming: IncomingMessage, outgoing: ServerResponse, answer: Answer): void {
  if (answer.write) {
    sendStreamed(outgoing, answer);
    return;
  }
  const body = answer.body ?? '';
  const bytes = Buffer.byteLength(body);
  if (!incoming.complete) outgoing.once('finish', () => letGo(incoming));
  const headers = ['Content-Length', String(bytes)];
  for (const name in answer.headers) headers.push(name, answer.headers[name] ?? '');
  outgoing.writeHead(answer.status, headers);
  // Nearly every answer is ASCII, which needs no encoding.
  outgoing.end(body, bytes === body.length ? 'latin1' : 'utf8');
}
