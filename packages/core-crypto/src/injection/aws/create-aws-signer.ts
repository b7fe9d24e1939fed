import { Sha256 } from './sha256.js';
import type { AwsSignableRequest, SignAws } from './sign-aws-request.js';

interface SignerOptions {
  readonly credentials: { accessKeyId: string; secretAccessKey: string; sessionToken?: string };
  readonly region: string;
  readonly service: string;
  readonly sha256: typeof Sha256;
  readonly uriEscapePath: boolean;
  readonly applyChecksum: boolean;
}

interface Signer<Request> {
  sign(
    request: Request,
    options: { signingDate: Date; unsignableHeaders: Set<string> },
  ): Promise<{ headers: Record<string, string> }>;
}

/** What is used of AWS's own library: `SignatureV4` of `@smithy/signature-v4`, `HttpRequest` of `@smithy/protocol-http`. */
interface AwsLibrary<Request> {
  readonly SignatureV4: new (options: SignerOptions) => Signer<Request>;
  readonly HttpRequest: new (parts: Omit<AwsSignableRequest, 'unsignedHeaders'>) => Request;
}

/** Signs with AWS's own library, which is loaded when the first credential needs it. */
export function createAwsSigner<Request>(loadLibrary: () => Promise<AwsLibrary<Request>>): SignAws {
  return async (request, facts, signedAt) => {
    const { SignatureV4, HttpRequest } = await loadLibrary();
    const { accessKeyId, secretAccessKey, sessionToken, region, service } = facts;
    const signer = new SignatureV4({
      credentials: { accessKeyId, secretAccessKey, ...(sessionToken !== undefined && { sessionToken }) },
      region,
      service,
      sha256: Sha256,
      uriEscapePath: facts.isPathEncodedAgain,
      applyChecksum: true,
    });
    const { unsignedHeaders, ...parts } = request;
    const signed = await signer.sign(new HttpRequest(parts), {
      signingDate: signedAt,
      unsignableHeaders: new Set(unsignedHeaders),
    });
    return signed.headers;
  };
}
