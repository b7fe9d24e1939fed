/** Names of the headers of the protocol (wire/1 §4), in lower case. */
export const headerNames = {
  apiKey: 'x-api-key',
  /** Ours, beside the wire: names the key without sending it. */
  keyId: 'x-alter-key-id',
  timestamp: 'x-alter-timestamp',
  nonce: 'x-alter-nonce',
  contentSha256: 'x-alter-content-sha256',
  signature: 'x-alter-signature',
  signatureV2: 'x-alter-signature-v2',
  scopeConstraints: 'x-alter-scope-constraints',
  requestRule: 'x-alter-request-rule',
  caller: 'x-alter-caller',
  callerType: 'x-alter-caller-type',
  actorId: 'x-alter-actor-id',
  context: 'x-alter-context',
  keyDeprecated: 'x-alter-key-deprecated',
  requestId: 'x-request-id',
  correlationId: 'x-correlation-id',
  /** Ours, beside the wire: the audit record of this call, for which a receipt can be had. */
  auditRecordId: 'x-alter-audit-record-id',
} as const;

/** Seconds of clock difference that a signed request may have, inclusive (T1). */
export const signatureSkewSecondsMax = 300;

/** Limits of `X-Alter-Context` (wire/1 §4.1). */
export const contextLimits = {
  keysMax: 20,
  keyCharactersMax: 64,
  valueCharactersMax: 512,
  headerCharactersMax: 4096,
} as const;

/** Headers that nobody may set on a provider call through an injection (wire/1 §5.3), lower case. */
export const forbiddenInjectionHeaders: ReadonlySet<string> = new Set([
  'host',
  'content-length',
  'content-type',
  'transfer-encoding',
  'connection',
  'keep-alive',
  'upgrade',
  'proxy-authenticate',
  'proxy-authorization',
  'te',
  'trailer',
  'cookie',
  'set-cookie',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-proto',
  'x-real-ip',
  'x-http-method-override',
  'x-method-override',
  'www-authenticate',
  'strict-transport-security',
  'content-security-policy',
]);

/** Headers of the connection and its framing, which belong to nobody but the HTTP client (E3); lower case. */
export const connectionHeaders: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'expect',
  'host',
  'http2-settings',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** Headers that a caller may not set on a proxied call (wire/3 section 1.1), and those of the connection; lower case. */
const reservedCallHeaders: ReadonlySet<string> = new Set([
  ...connectionHeaders,
  'authorization',
  'authentication',
  'cookie',
  'set-cookie',
  'x-api-key',
  'x-auth-token',
  'x-amz-security-token',
  'x-amz-date',
  'x-amz-content-sha256',
  'x-goog-authorization',
  'x-goog-iam-authorization-token',
  'x-stripe-account',
  'x-shopify-access-token',
  'x-http-method',
  'x-http-method-override',
  'x-method-override',
]);

/** Whether a caller may not set this header on a proxied call, in whatever case: the vault's own headers neither. */
export function isReservedCallHeader(name: string): boolean {
  const lowerName = name.trim().toLowerCase();
  return reservedCallHeaders.has(lowerName) || lowerName.startsWith('x-alter-');
}
