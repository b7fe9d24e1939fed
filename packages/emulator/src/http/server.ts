import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { getRequestListener } from '@hono/node-server';
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response';
import { runWithMisbehaviours } from '../control/misbehave.js';
import type { World } from '../control/world.js';
import { type Exchange, jsonResponse, readBearer, readClientRequest } from './exchange.js';
import type { Part, Place } from './part.js';

const BODY_BYTES_MAX = 10 * 1024 * 1024;

/** A listening server whose parts are given once its address is known. */
export type RunningServer = {
  url: string;
  port: number;
  serve(parts: readonly Part[]): void;
  close(): Promise<void>;
};

/** Listens on an address (port 0: any free one). Fails with the system's error when the port is taken. */
export async function listen(world: World, host: string, port: number): Promise<RunningServer> {
  let parts: readonly Part[] = [];
  const listener = getRequestListener(
    (request, env) =>
      answer(world, parts, request, env as { incoming: IncomingMessage; outgoing: ServerResponse }),
    { overrideGlobalObjects: false },
  );
  const server = createServer((incoming, outgoing) => void listener(incoming, outgoing));
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  const address = server.address() as AddressInfo;
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${address.port}`,
    port: address.port,
    serve(given) {
      parts = given;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function answer(
  world: World,
  parts: readonly Part[],
  request: Request,
  { incoming, outgoing }: { incoming: IncomingMessage; outgoing: ServerResponse },
): Promise<Response> {
  const body = new Uint8Array(await request.arrayBuffer());
  if (body.byteLength > BODY_BYTES_MAX) return jsonResponse({ error: 'payload_too_large' }, 413);
  const exchange: Exchange = {
    method: request.method,
    url: new URL(request.url),
    headers: request.headers,
    body,
    incoming,
    isDisconnected: () => outgoing.destroyed || incoming.socket.destroyed,
  };
  for (const part of parts) {
    const place = part.classify(exchange.url.pathname);
    if (place === undefined) continue;
    try {
      return await (place === 'control' ? part.handle(exchange) : disturb(world, part, place, exchange));
    } catch (error) {
      const description = error instanceof Error ? error.message : 'unknown';
      return jsonResponse({ error: 'emulator_error', error_description: description }, 500);
    }
  }
  return jsonResponse({ error: 'not_found' }, 404);
}

async function disturb(world: World, part: Part, place: Place, exchange: Exchange): Promise<Response> {
  const clientId = recordPresented(world, place, exchange);
  const orders = world.misbehaviours.take({ ...place, clientId });
  const delayMs = place.endpoint === 'token' ? world.settings.tokenDelayMs : 0;
  if (delayMs > 0) {
    const when = world.settings.tokenDelayWhen;
    orders.unshift({ id: 'settings', timesLeft: null, kind: 'delay', delayMs, when });
  }
  for (const order of orders) {
    world.log.record({ ...place, event: 'misbehaved', tokenType: 'unknown', detail: order.kind });
  }
  const outcome = await runWithMisbehaviours(orders, exchange.isDisconnected, () => part.handle(exchange));
  if (outcome === 'cut' || outcome === 'abandoned') {
    const event = outcome === 'cut' ? 'connection_cut' : 'abandoned';
    world.log.record({ ...place, event, tokenType: 'unknown' });
    exchange.incoming.socket.destroy();
    return RESPONSE_ALREADY_SENT;
  }
  if (exchange.isDisconnected()) {
    world.log.record({ ...place, event: 'abandoned', tokenType: 'unknown', detail: 'answer not taken' });
  }
  return outcome;
}

/** Writes down what arrived before anything is decided, and says whose client it is. */
function recordPresented(world: World, place: Place, exchange: Exchange): string | undefined {
  if (place.endpoint === 'token') {
    const { params, clientId } = readClientRequest(exchange);
    const seen = { ...place, event: 'presented', ...(clientId === undefined ? {} : { clientId }) } as const;
    if (params.refresh_token) {
      world.log.record({ ...seen, tokenType: 'refresh_token', token: params.refresh_token });
    } else if (params.code) {
      world.log.record({ ...seen, tokenType: 'authorization_code', token: params.code });
    }
    return clientId;
  }
  if (place.endpoint === 'revocation') return readClientRequest(exchange).clientId;
  if (place.endpoint === 'authorize') return exchange.url.searchParams.get('client_id') ?? undefined;
  const bearer = readBearer(exchange.headers);
  if (!bearer) return undefined;
  world.log.record({ ...place, event: 'presented', tokenType: 'access_token', token: bearer });
  return world.log.find(bearer)?.clientId;
}
