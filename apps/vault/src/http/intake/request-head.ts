import type { IncomingMessage } from 'node:http';
import type { HonoContext } from '../request-context.js';

/** A request as it came in, whatever took it from the socket. */
export interface RequestHead {
  readonly method: string;
  /** The request target as it stood on the request line: the signature covers it before any decoding or normalising. */
  readonly target: string;
  /** Address of the other end of the connection; empty when it has gone. */
  readonly peerAddress: string;
  /** Node's own request; absent where the application is called without a socket. */
  readonly incoming: IncomingMessage | undefined;
  /** A header by its lower-case name; several of one name joined. */
  header(name: string): string | undefined;
  /** The body, where there is no `incoming` to read it from. */
  readBody(): Promise<Buffer>;
}

/** The head of a request that Hono hands over. */
export function readHonoHead(context: HonoContext): RequestHead {
  return new HonoHead(context);
}

/** The head of a request straight from Node. */
export function readNodeHead(incoming: IncomingMessage): RequestHead {
  return new NodeHead(incoming);
}

class HonoHead implements RequestHead {
  readonly incoming: IncomingMessage | undefined;
  readonly #context: HonoContext;

  constructor(context: HonoContext) {
    this.#context = context;
    const { incoming } = context.env;
    this.incoming = incoming && 'httpVersion' in incoming ? (incoming as IncomingMessage) : undefined;
  }

  get method(): string {
    return this.#context.req.method;
  }

  get target(): string {
    const raw = this.incoming?.url;
    if (raw?.startsWith('/')) return raw;
    const url = raw ?? this.#context.req.url;
    const pathStart = url.indexOf('/', url.indexOf('://') + 3);
    return pathStart === -1 ? '/' : url.slice(pathStart);
  }

  get peerAddress(): string {
    return this.#context.env.remoteAddress ?? this.incoming?.socket.remoteAddress ?? '';
  }

  header(name: string): string | undefined {
    if (!this.incoming) return this.#context.req.header(name);
    return readHeader(this.incoming, name);
  }

  async readBody(): Promise<Buffer> {
    return Buffer.from(await this.#context.req.arrayBuffer());
  }
}

class NodeHead implements RequestHead {
  readonly incoming: IncomingMessage;

  constructor(incoming: IncomingMessage) {
    this.incoming = incoming;
  }

  get method(): string {
    return this.incoming.method ?? '';
  }

  get target(): string {
    return this.incoming.url ?? '';
  }

  get peerAddress(): string {
    return this.incoming.socket.remoteAddress ?? '';
  }

  header(name: string): string | undefined {
    return readHeader(this.incoming, name);
  }

  async readBody(): Promise<Buffer> {
    throw new Error('The body of this request is read from Node.');
  }
}

function readHeader(incoming: IncomingMessage, name: string): string | undefined {
  const value = incoming.headers[name];
  return typeof value === 'string' || value === undefined ? value : value.join(', ');
}
