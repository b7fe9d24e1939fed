import { type AwsSigning, signAwsRequest, signatureHeaders } from './aws/sign-aws-request.js';
import type { InjectableCredential, InjectableRequest, PlacedCredential } from './injectable.js';
import { replaceQuery } from './query.js';

/**
 * Puts a credential into a request: the one function that does it, in the SDK (retrieve mode) and in the vault (proxy mode).
 * What the caller set under an injected name is replaced, whatever its case (E3). `aws` is asked for signatures only.
 * @throws InjectionError region or service of an AWS credential not known
 */
export async function injectCredential(
  credential: InjectableCredential,
  request: InjectableRequest,
  aws: AwsSigning,
): Promise<InjectableRequest> {
  return credential.kind === 'aws_sigv4'
    ? signAwsRequest(credential, request, aws)
    : placeCredential(credential, request);
}

/** Headers that a credential sets, by lower-case name; a caller's own are dropped (E3). */
export function listInjectedHeaders(credential: InjectableCredential): ReadonlySet<string> {
  if (credential.kind === 'aws_sigv4') return signatureHeaders;
  return new Set(
    credential.placements.filter(({ target }) => target === 'header').map(({ name }) => name.toLowerCase()),
  );
}

function placeCredential(credential: PlacedCredential, request: InjectableRequest): InjectableRequest {
  const headers = { ...request.headers };
  const query: [string, string][] = [];
  for (const { target, name, value } of credential.placements) {
    if (target === 'header') headers[name.toLowerCase()] = value.reveal();
    else query.push([name, value.reveal()]);
  }
  const url = query.length === 0 ? request.url : replaceQuery(request.url, query);
  return { ...request, url, headers };
}
