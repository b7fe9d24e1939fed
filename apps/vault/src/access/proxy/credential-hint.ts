import type { RenderedCall } from './begin-call.js';

/** The beginning of an answer, which is where AWS names its error. */
const errorBytesMax = 8192;
/** Schemes of the IANA registry, and those that well-known services use beside it: nothing else of a challenge is repeated. */
const knownSchemes = [
  'Basic',
  'Bearer',
  'Digest',
  'DPoP',
  'Negotiate',
  'NTLM',
  'OAuth',
  'Token',
  'AWS4-HMAC-SHA256',
];
const refusedSignature = /\b(SignatureDoesNotMatch|InvalidSignatureException)\b/;
const refusedScope =
  /\bAuthorizationHeaderMalformed\b|Credential should be scoped to a valid region|Credential should be scoped to correct service/;

/**
 * Why a provider may have refused a credential that is a good one: it was sent in another form than this address asks for
 * (`credential_hint`, wire/3 section 1.3). Undefined where the answer does not say so. Holds names of schemes, header, region and
 * service, never a part of a value.
 */
export function describeCredentialHint(
  call: Pick<RenderedCall, 'request' | 'prepared'>,
  answer: { readonly status: number; readonly challenge: string; readonly body: Buffer },
): string | undefined {
  const scope = readAwsScope(call);
  if (scope !== undefined && [400, 401, 403].includes(answer.status)) {
    const text = answer.body.subarray(0, errorBytesMax).toString('utf8');
    const signed = `The request was signed for region ${scope.region} and service ${scope.service}`;
    if (refusedScope.test(text)) return `${signed}, which is not what this address belongs to.`;
    if (refusedSignature.test(text)) {
      return `${signed}, and the signature was not accepted: one of both is another one here, or the secret key does not belong to the access key id.`;
    }
  }
  if (answer.status !== 401 && answer.status !== 403) return undefined;
  const wanted = listSchemes(answer.challenge);
  const sent = describeSent(call);
  if (wanted.length === 0 || sent === undefined) return undefined;
  if (sent.scheme !== undefined && wanted.some((each) => isSame(each, sent.scheme))) return undefined;
  return `The credential was sent ${sent.text}, and this address asks for Authorization: ${wanted.join(' or ')}. It may belong to another API of the provider.`;
}

/** Schemes of `WWW-Authenticate` (RFC 9110 section 11.6.1), in our own spelling. */
function listSchemes(challenge: string): string[] {
  const bare = challenge.replace(/"(?:[^"\\]|\\.)*"/g, '""');
  const starts = bare.split(',').map((part) => part.trim().split(/\s/)[0] ?? '');
  return knownSchemes.filter((scheme) => starts.some((start) => isSame(start, scheme)));
}

/** How the credential went out; undefined where its stored value says that itself. */
function describeSent({
  prepared: { credential },
}: Pick<RenderedCall, 'prepared'>):
  | { readonly text: string; readonly scheme: string | undefined }
  | undefined {
  const {
    injection_header: header,
    injection_format: format,
    additional_injections: places = [],
  } = credential;
  if (places.length > 0) {
    const isInQueryAlone =
      credential.is_header_needed === false && places.every(({ target }) => target === 'query_param');
    return isInQueryAlone ? { text: 'in the query', scheme: undefined } : undefined;
  }
  if (header.toLowerCase() !== 'authorization') {
    return { text: `in the header ${header}`, scheme: undefined };
  }
  const scheme = /^([A-Za-z][\w-]*)(?: |$)/.exec(format)?.[1];
  return scheme === undefined ? undefined : { text: `as Authorization: ${scheme}`, scheme };
}

function readAwsScope({ request }: Pick<RenderedCall, 'request'>) {
  const [, region, service] =
    /^AWS4-HMAC-SHA256 .*\/\d{8}\/([\w-]+)\/([\w-]+)\/aws4_request\b/.exec(
      request.headers.authorization ?? '',
    ) ?? [];
  return region === undefined || service === undefined ? undefined : { region, service };
}

function isSame(one: string, other: string | undefined): boolean {
  return one.toLowerCase() === other?.toLowerCase();
}
