import { createAwsSigner, type SignAws } from '@alter-ai/core-crypto';

/** Signs with AWS's own library, which is loaded when the first credential needs it. */
export const signAws: SignAws = createAwsSigner(async () => {
  const [{ SignatureV4 }, { HttpRequest }] = await Promise.all([
    import('@smithy/signature-v4'),
    import('@smithy/protocol-http'),
  ]);
  return { SignatureV4, HttpRequest };
});
