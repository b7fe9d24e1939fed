import { createHash, createHmac } from 'node:crypto';

/** A request as a service of AWS sees it. */
export interface SignedRequest {
  readonly method: string;
  /** Path and query as they stood in the request line. */
  readonly target: string;
  /** Names and values in turn, as they arrived. */
  readonly rawHeaders: readonly string[];
  readonly body: string | Uint8Array;
}

/** What the service knows of its caller. */
export interface KnownKey {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

/**
 * Recomputes the signature as the AWS documentation tells ("Create a signed AWS API request"; for S3 "Signature Calculations for
 * the Authorization Header"), from the bytes that arrived. Written for tests alone, without any AWS code.
 * @returns `ok`, or what is wrong
 */
export function verifySigV4(request: SignedRequest, key: KnownKey): string {
  const headers = groupHeaders(request.rawHeaders);
  const authorization = headers.get('authorization') ?? [];
  const match =
    /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/([^/]+)\/aws4_request, SignedHeaders=([^,]+), Signature=([0-9a-f]{64})$/.exec(
      authorization.join(),
    );
  if (authorization.length !== 1 || !match) return 'no single well-formed Authorization header';
  const [, accessKeyId = '', day = '', region = '', service = '', names = '', signature = ''] = match;
  if (accessKeyId !== key.accessKeyId) return 'unknown access key';
  const signed = names.split(';');
  if (!signed.includes('host')) return 'host is not signed';
  for (const name of headers.keys()) {
    if (name.startsWith('x-amz-') && !signed.includes(name)) return `${name} is not signed`;
  }
  if ((headers.get('x-amz-security-token') ?? []).join() !== (key.sessionToken ?? '')) return 'session token';
  const time = headers.get('x-amz-date')?.[0] ?? '';
  if (!time.startsWith(day)) return 'scope and x-amz-date differ';
  const bodyHash = sha256(request.body);
  const declaredHash = headers.get('x-amz-content-sha256')?.[0];
  if (declaredHash !== undefined && declaredHash !== bodyHash) return 'body and x-amz-content-sha256 differ';
  if (service === 's3' && declaredHash === undefined) return 'S3 needs x-amz-content-sha256';

  const question = request.target.indexOf('?');
  const path = question === -1 ? request.target : request.target.slice(0, question);
  const query = question === -1 ? '' : request.target.slice(question + 1);
  const canonical = [
    request.method,
    service === 's3' ? encodeAgain(path, '/') : encodeTwice(path),
    canonicalQuery(query),
    ...signed.map((name) => `${name}:${(headers.get(name) ?? []).map(trimAll).join(',')}`),
    '',
    names,
    bodyHash,
  ].join('\n');
  const toSign = ['AWS4-HMAC-SHA256', time, `${day}/${region}/${service}/aws4_request`, sha256(canonical)];
  const chain = [day, region, service, 'aws4_request'];
  const signingKey = chain.reduce<Buffer>(
    (from, part) => hmac(from, part),
    Buffer.from(`AWS4${key.secretAccessKey}`),
  );
  const expected = hmac(signingKey, toSign.join('\n')).toString('hex');
  return expected === signature ? 'ok' : `signature differs; canonical request:\n${canonical}`;
}

/** UriEncode of the documentation, over text that may hold escapes already: those stay, in upper case. */
function encodeAgain(text: string, kept: string): string {
  let encoded = '';
  for (const [piece] of text.matchAll(/%[0-9a-f]{2}|./gisu)) {
    if (/^%[0-9a-f]{2}$/i.test(piece)) {
      const character = String.fromCharCode(Number.parseInt(piece.slice(1), 16));
      encoded += isUnreserved(character) ? character : piece.toUpperCase();
    } else encoded += isUnreserved(piece) || kept.includes(piece) ? piece : escapeBytes(piece);
  }
  return encoded;
}

/**
 * Every service but S3: redundant and relative parts of the path go (RFC 3986), then what stands in the request line is encoded
 * as it is, so that its escapes are encoded once more.
 */
function encodeTwice(path: string): string {
  const segments: string[] = [];
  for (const segment of path.split('/')) {
    if (segment === '..') segments.pop();
    else if (segment !== '.' && segment !== '') segments.push(segment);
  }
  const ending = segments.length > 0 && path.endsWith('/') ? '/' : '';
  const encode = (segment: string) =>
    [...segment].map((character) => (isUnreserved(character) ? character : escapeBytes(character))).join('');
  return `/${segments.map(encode).join('/')}${ending}`;
}

function canonicalQuery(query: string): string {
  if (query === '') return '';
  return query
    .split('&')
    .map((piece) => {
      const equals = piece.indexOf('=');
      const name = equals === -1 ? piece : piece.slice(0, equals);
      return [encodeAgain(name, ''), encodeAgain(equals === -1 ? '' : piece.slice(equals + 1), '')] as const;
    })
    .sort(([one, first], [other, second]) => compare(one, other) || compare(first, second))
    .map(([name, value]) => `${name}=${value}`)
    .join('&');
}

function groupHeaders(raw: readonly string[]): Map<string, string[]> {
  const headers = new Map<string, string[]>();
  for (let index = 0; index < raw.length; index += 2) {
    const name = (raw[index] ?? '').toLowerCase();
    headers.set(name, [...(headers.get(name) ?? []), raw[index + 1] ?? '']);
  }
  return headers;
}

const isUnreserved = (character: string) => /^[A-Za-z0-9._~-]$/.test(character);
const escapeBytes = (text: string) =>
  [...Buffer.from(text)].map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`).join('');
const trimAll = (value: string) => value.trim().replace(/ +/g, ' ');
const compare = (one: string, other: string) => (one < other ? -1 : one > other ? 1 : 0);
const sha256 = (data: string | Uint8Array) => createHash('sha256').update(data).digest('hex');
const hmac = (key: Buffer, data: string) => createHmac('sha256', key).update(data).digest();
