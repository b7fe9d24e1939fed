import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type KnownKey, type SignedRequest, verifySigV4 } from './verify-sigv4.js';

/** What the service knows of the keys that it is called with. */
export interface KeyServiceOptions {
  /** By a name of the test's own: the text as it should stand in a header or in a query parameter. */
  readonly values?: Readonly<Record<string, string>>;
  /** Key pairs whose signatures (AWS Signature Version 4) are recomputed. */
  readonly awsKeys?: readonly KnownKey[];
}

/** One call as it arrived, and what the service answered: it names places, never a value. */
export interface ArrivedCall extends SignedRequest {
  readonly body: Uint8Array;
  readonly verdict: {
    readonly method: string;
    /** Known values and where each of them stands: `NAME in header x-key`, `NAME in query key`, `NAME within …` for parts. */
    readonly found: readonly string[];
    /** `ok`, what is wrong with the signature, or null without one. */
    readonly signature: string | null;
  };
}

/** A service that is called with keys instead of OAuth tokens. */
export interface KeyService {
  readonly url: string;
  /** Host and port. */
  readonly host: string;
  readonly arrived: ArrivedCall[];
  close(): Promise<void>;
}

/** Starts one on a free port of loopback. Every path answers 200 with the call's verdict as JSON. */
export async function startKeyService(options: KeyServiceOptions = {}): Promise<KeyService> {
  const arrived: ArrivedCall[] = [];
  const server = createServer(async (incoming, outgoing) => {
    const request = {
      method: incoming.method ?? '',
      target: incoming.url ?? '',
      rawHeaders: incoming.rawHeaders,
      body: await readBody(incoming),
    };
    const call = { ...request, verdict: judge(request, options) };
    arrived.push(call);
    outgoing.writeHead(200, { 'content-type': 'application/json' });
    outgoing.end(JSON.stringify(call.verdict));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    host: `127.0.0.1:${port}`,
    arrived,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function judge(
  request: SignedRequest & { readonly body: Uint8Array },
  { values = {}, awsKeys = [] }: KeyServiceOptions,
): ArrivedCall['verdict'] {
  const places = listPlaces(request);
  const found = Object.entries(values).flatMap(([name, text]) =>
    places.flatMap(([place, content]) => {
      if (content === text) return [`${name} in ${place}`];
      return content.includes(text) ? [`${name} within ${place}`] : [];
    }),
  );
  return { method: request.method, found: found.sort(), signature: judgeSignature(request, awsKeys) };
}

function judgeSignature(request: SignedRequest, awsKeys: readonly KnownKey[]): string | null {
  const authorization = request.rawHeaders[request.rawHeaders.findIndex(isAuthorization) + 1] ?? '';
  if (!request.rawHeaders.some(isAuthorization) || !authorization.startsWith('AWS4-')) return null;
  const key = awsKeys.find(({ accessKeyId }) => authorization.includes(`Credential=${accessKeyId}/`));
  return key ? verifySigV4(request, key) : 'unknown access key';
}

const isAuthorization = (text: string, index: number) =>
  index % 2 === 0 && text.toLowerCase() === 'authorization';

function listPlaces({
  target,
  rawHeaders,
  body,
}: SignedRequest & { readonly body: Uint8Array }): [place: string, text: string][] {
  const url = new URL(`http://service.invalid${target}`);
  const headers = rawHeaders.flatMap((name, index): [string, string][] =>
    index % 2 === 0 ? [[`header ${name.toLowerCase()}`, rawHeaders[index + 1] ?? '']] : [],
  );
  const query = [...url.searchParams].map(([name, value]): [string, string] => [`query ${name}`, value]);
  return [...headers, ...query, ['path', url.pathname], ['body', Buffer.from(body).toString()]];
}

async function readBody(incoming: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
