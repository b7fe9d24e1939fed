import { Sha256, type SignAws } from '@alter-ai/core-crypto';

/** Signs with AWS's own library, which is loaded when the first credential needs it. */
export const signAws: SignAws = async (request, facts, signedAt) => {
  const [{ SignatureV4 }, { HttpRequest }] = await Promise.all([
    import('@smithy/signature-v4'),
    import('@smithy/protocol-http'),
  ]);
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
