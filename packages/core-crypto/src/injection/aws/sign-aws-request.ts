import {
  type AwsCredential,
  type InjectableRequest,
  InjectionError,
  StreamedBodyError,
} from '../injectable.js';
import { encodeStrict, readQueryPairs } from '../query.js';
import { readAwsPlace } from './aws-host.js';

/** What a signer is made for. */
export interface AwsSignerFacts {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string | undefined;
  readonly region: string;
  readonly service: string;
  /** Whether the path is normalized and encoded once more for the canonical request: everywhere but at S3. */
  readonly isPathEncodedAgain: boolean;
}

/** A request as signing libraries take it. */
export interface AwsSignableRequest {
  readonly method: string;
  readonly protocol: string;
  readonly hostname: string;
  readonly port?: number;
  /** Percent-encoded once. */
  readonly path: string;
  /** Decoded. */
  readonly query: Record<string, string | string[]>;
  readonly headers: Record<string, string>;
  readonly body: Uint8Array | undefined;
  /** Lower-case names that the signature leaves out. */
  readonly unsignedHeaders: ReadonlySet<string>;
}

/** Signs one request: answers its headers with the signature among them. */
export type SignAws = (
  request: AwsSignableRequest,
  facts: AwsSignerFacts,
  signedAt: Date,
) => Promise<Readonly<Record<string, string>>>;

/** The library that signs, and the clock; only asked for where a credential signs. */
export interface AwsSigning {
  readonly sign: SignAws;
  readonly now: () => Date;
}

/**
 * Services of the S3 family take the path as it is, and bodies whose hash is not known (Amazon S3 API reference, "Signature
 * calculations").
 */
const s3Services: ReadonlySet<string> = new Set(['s3', 's3express', 's3-outposts', 's3-object-lambda']);
/** What a signature sets; a caller's own would contradict it. */
export const signatureHeaders: ReadonlySet<string> = new Set([
  'authorization',
  'date',
  'x-amz-date',
  'x-amz-content-sha256',
  'x-amz-security-token',
]);

/**
 * Signs a request with AWS Signature Version 4. Path and query are first written in the one spelling that the receiver's
 * canonical request has, so that nothing on the way can read them otherwise; `//`, empty values and order stay.
 * @throws InjectionError `region` or `service` neither in the host nor stored; StreamedBodyError
 */
export async function signAwsRequest(
  credential: AwsCredential,
  request: InjectableRequest,
  aws: AwsSigning,
): Promise<InjectableRequest> {
  const place = readAwsPlace(request.url.hostname);
  const region = place?.region ?? credential.region;
  const service = place?.service ?? credential.service;
  if (region === undefined) throw new InjectionError('region');
  if (service === undefined) throw new InjectionError('service');
  if (request.isBodyStreamed === true && !s3Services.has(service)) throw new StreamedBodyError(service);

  const path = encodePath(request.url.pathname);
  const pairs = readQueryPairs(request.url.search);
  const { protocol, hostname, port } = request.url;
  const given = Object.entries(request.headers).filter(([name]) => !signatureHeaders.has(name));
  const signed = await aws.sign(
    {
      method: request.method,
      protocol,
      hostname,
      ...(port === '' ? {} : { port: Number(port) }),
      path,
      query: groupPairs(pairs),
      headers: {
        ...Object.fromEntries(given),
        host: request.url.host,
        ...(request.isBodyStreamed === true ? { 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' } : {}),
      },
      body: request.body,
      // HTTP clients and proxies rewrite other headers on the way, and AWS asks for these alone.
      unsignedHeaders: new Set(
        given.map(([name]) => name).filter((name) => !/^(content-type|content-md5|x-amz-.*)$/.test(name)),
      ),
    },
    {
      accessKeyId: credential.accessKeyId,
      secretAccessKey: credential.secretAccessKey.reveal(),
      sessionToken: credential.sessionToken?.reveal(),
      region,
      service,
      isPathEncodedAgain: !s3Services.has(service),
    },
    aws.now(),
  );
  const { host: _host, ...headers } = signed;
  const url = new URL(request.url);
  url.pathname = path;
  url.search = pairs.map(([name, value]) => `${encodeStrict(name)}=${encodeStrict(value)}`).join('&');
  return { ...request, url, headers };
}

/** Each segment with everything but RFC 3986's unreserved characters encoded, once; slashes stay where they are. */
function encodePath(pathname: string): string {
  return pathname
    .split('/')
    .map((segment) => encodeStrict(decodeSegment(segment)))
    .join('/');
}

function decodeSegment(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}

function groupPairs(pairs: readonly (readonly [string, string])[]): Record<string, string | string[]> {
  const query: Record<string, string | string[]> = Object.create(null) as Record<string, string | string[]>;
  for (const [name, value] of pairs) {
    const known = query[name];
    query[name] = known === undefined ? value : Array.isArray(known) ? [...known, value] : [known, value];
  }
  return query;
}
