import { IncomingMessage, ServerResponse } from 'node:http';
import type { Exchange } from './exchange.js';

/**
 * Lets a Node request listener answer an exchange whose body has been read already, and gives what it would have
 * sent. `run` gets a request that plays the body again and a response that goes nowhere.
 */
export function answerByNode(
  exchange: Exchange,
  run: (request: IncomingMessage, response: ServerResponse) => unknown,
): Promise<Response> {
  const { request, response } = replayExchange(exchange);
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    response.write = ((chunk: string | Uint8Array) => {
      chunks.push(Buffer.from(chunk));
      return true;
    }) as ServerResponse['write'];
    response.end = ((chunk?: unknown) => {
      if (typeof chunk === 'string' || chunk instanceof Uint8Array) chunks.push(Buffer.from(chunk));
      resolve(readResponse(response, Buffer.concat(chunks)));
      return response;
    }) as ServerResponse['end'];
    Promise.resolve(run(request, response)).catch(reject);
  });
}

/** A Node request that plays the exchange's body again, with a response that collects headers only. */
export function replayExchange(exchange: Exchange): { request: IncomingMessage; response: ServerResponse } {
  const { incoming } = exchange;
  const request = new IncomingMessage(incoming.socket);
  request.method = incoming.method ?? exchange.method;
  request.url = `${exchange.url.pathname}${exchange.url.search}`;
  request.headers = incoming.headers;
  request.rawHeaders = incoming.rawHeaders;
  request.httpVersion = incoming.httpVersion;
  request.httpVersionMajor = incoming.httpVersionMajor;
  request.httpVersionMinor = incoming.httpVersionMinor;
  // Without this the request counts as broken off when it has been read, and takes the real socket down with it.
  request.complete = true;
  request.push(Buffer.from(exchange.body));
  request.push(null);
  return { request, response: new ServerResponse(request) };
}

/** Headers that a collecting response was given, as web headers. */
export function readNodeHeaders(response: ServerResponse): Headers {
  const headers = new Headers();
  for (const [name, value] of Object.entries(response.getHeaders())) {
    for (const item of Array.isArray(value) ? value : [value]) headers.append(name, String(item));
  }
  headers.delete('content-length');
  headers.delete('transfer-encoding');
  return headers;
}

function readResponse(response: ServerResponse, body: Buffer): Response {
  const isEmpty = [204, 205, 304].includes(response.statusCode) || body.length === 0;
  return new Response(isEmpty ? null : new Uint8Array(body), {
    status: response.statusCode,
    headers: readNodeHeaders(response),
  });
}
