import { createHash } from 'node:crypto';
import type { Exchange } from '../http/exchange.js';
import { hashToken } from '../journal/token-log.js';

const SECRET_NAME = /authorization|cookie|token|secret|password|api[-_]?key|^dd-|signature/i;

/** One header, cookie-like parameter or query value that looks like a credential: where it was, never what it was. */
export type ArrivedCredential = { in: 'header' | 'query'; name: string; scheme?: string; sha256: string };

/**
 * Describes a request as it arrived: method, path, headers and query as ordered pairs (so that doubles show), body.
 * Values that look like credentials are replaced by `[credential]` and listed with their SHA-256.
 */
export function describeRequest(exchange: Exchange, path: string) {
  const credentials: ArrivedCredential[] = [];
  const headers: [string, string][] = [];
  const raw = exchange.incoming.rawHeaders;
  for (let at = 0; at + 1 < raw.length; at += 2) {
    const name = (raw[at] ?? '').toLowerCase();
    const value = raw[at + 1] ?? '';
    if (!SECRET_NAME.test(name)) {
      headers.push([name, value]);
      continue;
    }
    const [, scheme, rest] = /^(Bearer|Basic|Token) +(.*)$/i.exec(value) ?? [];
    const sha256 = hashToken(rest ?? value);
    credentials.push({ in: 'header', name, ...(scheme ? { scheme } : {}), sha256 });
    headers.push([name, scheme ? `${scheme} [credential]` : '[credential]']);
  }
  const query: [string, string][] = [];
  for (const [name, value] of exchange.url.searchParams) {
    if (SECRET_NAME.test(name)) credentials.push({ in: 'query', name, sha256: hashToken(value) });
    query.push([name, SECRET_NAME.test(name) ? '[credential]' : value]);
  }
  return {
    method: exchange.method,
    path,
    headers,
    query,
    credentials,
    body: new TextDecoder().decode(exchange.body),
    body_bytes: exchange.body.byteLength,
    body_sha256: createHash('sha256').update(exchange.body).digest('hex'),
  };
}
