export {
  deriveKeyId,
  deriveSigningKey,
  deriveSigningKeyObject,
  lookupDigest,
} from './api-keys/key-derivation.js';
export {
  type ApiKeyType,
  computeKeyChecksum,
  isApiKeyFormat,
  keyPrefixForDisplay,
  mintApiKey,
  type ScopedKeyType,
} from './api-keys/key-format.js';
export { constantTimeEqual, hashToken, sha256, sha256Hex } from './digest.js';
export {
  type ChainFault,
  type ChainHead,
  type ChainRecord,
  type ChainVerdict,
  chainHash,
  chainHashHex,
  genesisHash,
  verifyChain,
} from './hash-chain.js';
export { createAwsSigner } from './injection/aws/create-aws-signer.js';
export type { AwsSigning, SignAws } from './injection/aws/sign-aws-request.js';
export { injectCredential, listInjectedHeaders } from './injection/inject-credential.js';
export {
  type InjectableCredential,
  type InjectableRequest,
  InjectionError,
  StreamedBodyError,
} from './injection/injectable.js';
export { dropQuery, encodeStrict } from './injection/query.js';
export {
  type CredentialAnswer,
  isHeaderValue,
  listSecretTexts,
  readInjectableCredential,
} from './injection/read-credential.js';
export { computeCodeChallenge, createCodeVerifier } from './pkce.js';
export { createRandomWords, randomToken } from './random.js';
export type { RandomBytes } from './random-bytes.js';
export { OpenError } from './sealing/open-error.js';
export {
  deriveKey,
  generateRootKey,
  openWithRoot,
  parseRootKey,
  type RootKey,
  RootKeyError,
  sealWithRoot,
} from './sealing/root-key.js';
export {
  type DataKey,
  encodeContext,
  frameForeign,
  open,
  openText,
  readForeign,
  readKeyId,
  type SealContext,
  seal,
} from './sealing/sealed-record.js';
export {
  type AppKey,
  createDataKeyCounter,
  type DataKeyCounter,
  dataKeyUsesMax,
  generateAppKey,
  generateDataKey,
  importAppKey,
  placeAppKey,
  unwrapDataKey,
  wrapDataKey,
} from './sealing/wrapped-keys.js';
export { SecretValue } from './secret-value.js';
export { canonicalPath } from './signing/canonical-path.js';
export {
  buildSignedHeaders,
  createNonce,
  type SignedHeaders,
  signRequest,
  verifySignature,
} from './signing/request-signature.js';
export { buildStringToSign, type SigningParts } from './signing/string-to-sign.js';
export {
  createInclusionPath,
  createMerkleTree,
  type InclusionPath,
  type MerkleTree,
  verifyInclusion,
} from './transparency/merkle-tree.js';
export {
  generateSigningKey,
  importSigningKey,
  importVerifyingKey,
  type PublicJwk,
  type SigningKey,
  SigningKeyError,
  type VerifyingKey,
} from './transparency/signing-key.js';
