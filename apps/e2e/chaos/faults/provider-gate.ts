import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, request as openRequest, type ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { findFreePort } from '../../harness/machine/ports.js';
import type { Presentation } from '../check/evidence.js';
import type { ProviderMode } from '../schedule/build-schedule.js';
import type { ProviderFaultKind } from '../schedule/fault-kinds.js';
import type { Random } from '../schedule/random.js';

/** An answer as it goes to the vault. */
export interface GateAnswer {
  readonly status: number;
  readonly headers: Record<string, string>;
  readonly body: string;
}

/** A refresh request that a fault has taken out of the stream, to do with it what it wants. */
export interface HeldRequest {
  readonly presentation: Presentation;
  /** Passes it on to the provider; the answer does not go to the vault yet. */
  forward(): Promise<GateAnswer>;
  answer(answer: GateAnswer): void;
  cut(): void;
}

/** What the gate does to refresh requests for a while. */
export interface GateFault {
  readonly kind: ProviderFaultKind;
  readonly share: number;
  readonly delayMs: number;
}

/** A real HTTP server between the vaults and one provider. It sees every refresh token that a vault presents. */
export interface ProviderGate {
  readonly mode: ProviderMode;
  readonly url: string;
  readonly presentations: Presentation[];
  setFault(fault: GateFault | undefined): Promise<void>;
  /** Takes the next refresh request for which `isWanted` holds; undefined when none came in time. */
  holdNext(timeoutMs: number, isWanted?: (tokenSha256: string) => boolean): Promise<HeldRequest | undefined>;
  close(): Promise<void>;
}

/** How a gate is set up. */
export interface GateOptions {
  readonly mode: ProviderMode;
  readonly issuer: string;
  readonly random: Random;
  /** Which vault has this port of the connection. */
  readonly findVault: (port: number) => number | undefined;
}

let presentationCount = 0;

/** Starts a gate before an emulated provider. */
export async function startProviderGate(options: GateOptions): Promise<ProviderGate> {
  const { mode, random } = options;
  const presentations: Presentation[] = [];
  let fault: GateFault | undefined;
  let waiting: { isWanted: (sha256: string) => boolean; take: (held: HeldRequest) => void } | undefined;
  const open = new Set<ServerResponse>();
  const port = await findFreePort();

  const server = createServer((incoming, outgoing) => {
    void serve(incoming, outgoing).catch(() => incoming.socket.destroy());
  });
  // Every fault is about one request, so no connection carries two.
  server.keepAliveTimeout = 1;
  const listen = () =>
    new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, '127.0.0.1', 1024, resolve);
    });
  await listen();

  async function serve(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks);
    const refreshToken = new URLSearchParams(body.toString('utf8')).get('refresh_token');
    const isRefresh = incoming.url?.startsWith('/token') === true && refreshToken !== null;
    const forward = () => forwardRequest(options.issuer, incoming, body);
    if (!isRefresh) {
      send(outgoing, await forward());
      return;
    }
    const presentation = notePresentation(refreshToken, incoming, outgoing);
    const held: HeldRequest = {
      presentation,
      forward: () => {
        presentation.forwarded += 1;
        return forward();
      },
      answer: (answer) => {
        if (presentation.outcome !== undefined) return;
        presentation.status = answer.status;
        presentation.error = readError(answer.body);
        presentation.outcome = 'answered';
        presentation.endedAtMs = Date.now();
        send(outgoing, answer);
      },
      cut: () => {
        if (presentation.outcome !== undefined) return;
        presentation.outcome = 'cut';
        presentation.endedAtMs = Date.now();
        incoming.socket.resetAndDestroy();
      },
    };
    open.add(outgoing);
    outgoing.on('close', () => open.delete(outgoing));
    const taker = waiting;
    if (taker?.isWanted(presentation.tokenSha256) === true) {
      waiting = undefined;
      presentation.action = 'held';
      taker.take(held);
      return;
    }
    const current = fault;
    if (current === undefined || !random.hasLuck(current.share)) held.answer(await held.forward());
    else await disturb(held, current, outgoing);
  }

  function notePresentation(
    token: string,
    incoming: IncomingMessage,
    outgoing: ServerResponse,
  ): Presentation {
    presentationCount += 1;
    const presentation: Presentation = {
      id: presentationCount,
      mode,
      tokenSha256: createHash('sha256').update(token).digest('hex'),
      vault: options.findVault(incoming.socket.remotePort ?? 0),
      startedAtMs: Date.now(),
      endedAtMs: undefined,
      outcome: undefined,
      status: undefined,
      error: undefined,
      forwarded: 0,
      action: 'passed',
    };
    presentations.push(presentation);
    outgoing.on('close', () => {
      if (presentation.outcome !== undefined) return;
      presentation.outcome = 'given_up';
      presentation.endedAtMs = Date.now();
    });
    return presentation;
  }

  return {
    mode,
    url: `http://127.0.0.1:${port}`,
    presentations,
    async setFault(next) {
      const was = fault?.kind;
      fault = next;
      if (next?.kind === 'provider_refused' && was !== 'provider_refused') {
        await new Promise<void>((resolve) => {
          server.close(() => resolve());
          server.closeIdleConnections();
          for (const outgoing of open) outgoing.socket?.resetAndDestroy();
        });
      } else if (was === 'provider_refused' && next?.kind !== 'provider_refused') {
        await listen();
      }
    },
    holdNext: (timeoutMs, isWanted = () => true) =>
      new Promise((resolve) => {
        const mine = { isWanted, take: (held: HeldRequest) => resolve(held) };
        waiting = mine;
        void sleep(timeoutMs, undefined, { ref: false }).then(() => {
          if (waiting !== mine) return;
          waiting = undefined;
          resolve(undefined);
        });
      }),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** Does to one request what the fault says. */
async function disturb(held: HeldRequest, fault: GateFault, outgoing: ServerResponse): Promise<void> {
  const { presentation } = held;
  presentation.action = fault.kind;
  switch (fault.kind) {
    case 'provider_slow': {
      const answer = await held.forward();
      await sleep(fault.delayMs);
      return held.answer(answer);
    }
    case 'provider_cut_after':
      await held.forward();
      return held.cut();
    case 'provider_cut_in_answer': {
      const answer = await held.forward();
      outgoing.writeHead(answer.status, { ...answer.headers, 'content-length': answer.body.length });
      outgoing.write(answer.body.slice(0, answer.body.length / 2));
      await sleep(50);
      return held.cut();
    }
    case 'provider_half_open':
      if (presentation.id % 2 === 0) await held.forward();
      return;
    case 'provider_server_error':
      return held.answer(fail(presentation.id % 2 === 0 ? 500 : 503, 'server_error'));
    case 'provider_rate_limit':
      return held.answer({ ...fail(429, 'rate_limited'), headers: { ...jsonType, 'retry-after': '2' } });
    case 'provider_invalid_client':
      return held.answer(fail(401, 'invalid_client'));
    case 'provider_html': {
      const body = '<!doctype html><title>Maintenance</title><h1>Maintenance</h1>';
      const status = presentation.id % 2 === 0 ? 200 : 502;
      return held.answer({ status, headers: { 'content-type': 'text/html; charset=utf-8' }, body });
    }
    case 'provider_duplicate': {
      // A strict provider would end everything for it, whatever the vault does.
      const answer = await held.forward();
      if (presentation.mode !== 'strict') await held.forward();
      return held.answer(answer);
    }
    default:
      return held.cut();
  }
}

const jsonType = { 'content-type': 'application/json' };

/** An OAuth error as a provider answers it. */
export function fail(status: number, error: string): GateAnswer {
  return { status, headers: jsonType, body: JSON.stringify({ error, error_description: 'by the gate' }) };
}

function send(outgoing: ServerResponse, answer: GateAnswer): void {
  if (outgoing.destroyed) return;
  outgoing.writeHead(answer.status, { ...answer.headers, connection: 'close' });
  outgoing.end(answer.body);
}

function forwardRequest(issuer: string, incoming: IncomingMessage, body: Buffer): Promise<GateAnswer> {
  const target = new URL(incoming.url ?? '/', issuer);
  const { host: _host, connection: _connection, ...headers } = incoming.headers;
  return new Promise((resolve, reject) => {
    const outgoing = openRequest(target, { method: incoming.method, headers }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        const { 'content-type': type = '', 'cache-control': cache = '' } = response.headers;
        resolve({
          status: response.statusCode ?? 502,
          headers: { 'content-type': type, 'cache-control': cache },
          body: Buffer.concat(chunks).toString('utf8'),
        });
      });
    });
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

function readError(body: string): string | undefined {
  try {
    const value = (JSON.parse(body) as { error?: unknown }).error;
    return typeof value === 'string' ? value : undefined;
  } catch {
    return undefined;
  }
}
