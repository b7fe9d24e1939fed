import type { IncomingMessage } from 'node:http';

/** One request with its whole body, as the parts of a server get it. */
export type Exchange = {
  method: string;
  url: URL;
  headers: Headers;
  body: Uint8Array<ArrayBuffer>;
  incoming: IncomingMessage;
  isDisconnected(): boolean;
};

/** Client credentials and parameters of a request to a token or revocation endpoint. */
export type ClientRequest = {
  params: Record<string, string>;
  format: 'form' | 'json' | 'none' | 'other';
  clientId?: string;
  clientSecret?: string;
  /** How the client named itself: HTTP Basic, parameters in the body with a secret, or an id alone. */
  authMethod: 'client_secret_basic' | 'client_secret_post' | 'none';
};

/** A JSON answer that no cache keeps. */
export function jsonResponse(body: unknown, status = 200, headers: Record<string, string> = {}): Response {
  return new Response(JSON.stringify(body), {
    status,
    headers: { 'content-type': 'application/json', 'cache-control': 'no-store', ...headers },
  });
}

/** The token of an `Authorization: Bearer` header (RFC 6750 section 2.1). */
export function readBearer(headers: Headers): string | undefined {
  return /^bearer +([^\s]+)$/i.exec(headers.get('authorization') ?? '')?.[1];
}

/** User and password of HTTP Basic, form-decoded as RFC 6749 section 2.3.1 asks. */
export function readBasic(headers: Headers): { user: string; password: string } | undefined {
  const encoded = /^basic +([^\s]+)$/i.exec(headers.get('authorization') ?? '')?.[1];
  if (!encoded) return undefined;
  const text = Buffer.from(encoded, 'base64').toString('utf8');
  const at = text.indexOf(':');
  if (at < 0) return undefined;
  return { user: decodeForm(text.slice(0, at)), password: decodeForm(text.slice(at + 1)) };
}

/** Reads parameters and client credentials of a form or JSON request. */
export function readClientRequest(exchange: Exchange): ClientRequest {
  const { params, format } = readParams(exchange);
  const basic = readBasic(exchange.headers);
  if (basic) {
    return {
      params,
      format,
      clientId: basic.user,
      clientSecret: basic.password,
      authMethod: 'client_secret_basic',
    };
  }
  const { client_id: clientId, client_secret: clientSecret } = params;
  return {
    params,
    format,
    ...(clientId === undefined ? {} : { clientId }),
    ...(clientSecret === undefined ? {} : { clientSecret }),
    authMethod: clientSecret === undefined ? 'none' : 'client_secret_post',
  };
}

function readParams(exchange: Exchange): Pick<ClientRequest, 'params' | 'format'> {
  const type = (exchange.headers.get('content-type') ?? '').split(';')[0]?.trim().toLowerCase();
  const text = new TextDecoder().decode(exchange.body);
  if (type === 'application/x-www-form-urlencoded') {
    return { params: Object.fromEntries(new URLSearchParams(text)), format: 'form' };
  }
  if (type === 'application/json') return { params: parseStringMembers(text), format: 'json' };
  return { params: {}, format: text === '' ? 'none' : 'other' };
}

function parseStringMembers(text: string): Record<string, string> {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null) return {};
    return Object.fromEntries(
      Object.entries(value).filter((pair): pair is [string, string] => typeof pair[1] === 'string'),
    );
  } catch {
    return {};
  }
}

function decodeForm(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return text;
  }
}
