import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { sql } from 'kysely';
import { connectAccount } from '../connect/connect-driver.js';
import { type ConnectStack, describeAcme, startConnectStack } from '../connect/stack.js';
import { applyConfig, type SignedFetchOptions } from '../harness.js';

/** One request as it arrived at the provider's API. */
export interface Arrived {
  readonly method: string;
  readonly target: string;
  /** In order, doubles included. */
  readonly rawHeaders: readonly string[];
  readonly body: string;
  readonly bytes: Uint8Array;
}

/** Answers one call of the provider's API. */
export type Respond = (arrived: Arrived, response: ServerResponse) => unknown;

/** A JSON object. */
export type Json = Record<string, unknown>;

/** A vault, a strict provider, and an API of that provider which records exactly what arrives. */
export interface ProxyWorld {
  readonly stack: ConnectStack;
  /** Address of the API, without a trailing slash. */
  readonly api: string;
  readonly arrived: Arrived[];
  /** Sets what the API answers. */
  provide(respond: Respond): void;
  connect(): Promise<string>;
  proxy(body: Json, options?: SignedFetchOptions): Promise<{ status: number; body: Json; headers: Headers }>;
  /** All audit records, oldest first. */
  records(): Promise<Json[]>;
  close(): Promise<void>;
}

/** Starts it. */
export async function startProxyWorld(
  kind: 'sqlite' | 'postgres',
  options: { app?: (host: string) => Json; provider?: Json; clock?: () => number } = {},
): Promise<ProxyWorld> {
  const arrived: Arrived[] = [];
  let respond: Respond = () => {};
  const server = createServer(async (request, response) => {
    const one = await readRequest(request);
    arrived.push(one);
    await respond(one, response);
  });
  const api = await listen(server);
  const host = new URL(api).host;
  const stack = await startConnectStack(kind, options.clock ? { clock: options.clock } : {});
  const { deps } = stack.vault;
  await applyConfig(deps, {
    version: 1,
    apps: [
      {
        slug: 'demo',
        name: 'Demo',
        identity_provider: { issuer: stack.idp.issuer, audience: 'demo-api' },
        providers: [
          { ...describeAcme(stack.provider), api_hosts: [host], ...options.provider },
          describeAcme(stack.provider, 'acme-two'),
        ],
        ...options.app?.(host),
      },
    ],
  });
  const world: ProxyWorld = {
    stack,
    api,
    arrived,
    provide: (given) => {
      respond = given;
    },
    connect: async () => (await connectAccount(stack.vault, { provider: 'acme' })).grant_id,
    async proxy(body, signing) {
      const answer = await stack.vault.signedFetch('POST', '/sdk/proxy', body, signing);
      return { status: answer.status, body: (await answer.json()) as Json, headers: answer.headers };
    },
    async records() {
      await deps.audit.flush();
      const month = new Date(deps.clock()).toISOString().slice(0, 7).replace('-', '_');
      const { rows } = await sql<{ record: string }>`
        select record from ${sql.table(`audit_${month}`)} order by at, sequence`.execute(deps.storage.db);
      return rows.map((row) => JSON.parse(row.record) as Json);
    },
    async close() {
      await stack.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return world;
}

/** The values of one header as they arrived, in order. */
export function listHeader(arrived: Arrived | undefined, name: string): string[] {
  const values: string[] = [];
  const raw = arrived?.rawHeaders ?? [];
  for (let at = 0; at + 1 < raw.length; at += 2) {
    if (raw[at]?.toLowerCase() === name) values.push(raw[at + 1] ?? '');
  }
  return values;
}

/** The body of a proxied answer. */
export function readBody(body: Json): string {
  return Buffer.from(String(body.body_b64), 'base64').toString('utf8');
}

async function readRequest(request: IncomingMessage): Promise<Arrived> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const bytes = Buffer.concat(chunks);
  return {
    method: request.method ?? '',
    target: request.url ?? '',
    rawHeaders: request.rawHeaders,
    body: bytes.toString('utf8'),
    bytes,
  };
}

async function listen(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
