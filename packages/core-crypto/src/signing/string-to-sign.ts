import { canonicalPath } from './canonical-path.js';

/** What a signature covers (wire/1 section 3). Values are those of the headers; an absent or empty one adds no line. */
export type SigningParts = {
  method: string;
  /** Raw request target without scheme, host and base-URL prefix: `/path?query`. */
  target: string;
  /** Unix seconds; a number is truncated. */
  timestamp: string | number;
  /** 32 lowercase hex characters. */
  nonce: string;
  /** Lowercase hex SHA-256 of the exact body bytes. */
  bodySha256: string;
  scopeConstraints?: string | undefined;
  requestRule?: string | undefined;
  caller?: string | undefined;
  callerType?: string | undefined;
  actorId?: string | undefined;
  context?: string | undefined;
};

/** The string that is signed, wire/1 section 3: fields joined by LF, optional lines in their fixed order. */
export function buildStringToSign(parts: SigningParts): string {
  const path = canonicalPath(parts.target);
  let text = `${parts.method.toUpperCase()}\n${path}\n${formatTimestamp(parts.timestamp)}\n${parts.nonce}\n${parts.bodySha256}\n${parts.scopeConstraints ?? ''}`;
  if (parts.requestRule) text += `\nrequest-rule:${parts.requestRule}`;
  if (parts.caller) text += `\ncaller:${parts.caller}`;
  if (parts.callerType) text += `\ncaller-type:${parts.callerType}`;
  if (parts.actorId) text += `\nactor-id:${parts.actorId}`;
  if (parts.context) text += `\nactor-context:${parts.context}`;
  return text;
}

/** Whether a line about the caller is present, which makes the signature a "V2" one. */
export function hasIdentityLines(parts: SigningParts): boolean {
  return Boolean(parts.caller || parts.callerType || parts.actorId || parts.context);
}

/** A timestamp as the header carries it: decimal Unix seconds, truncated, no padding. */
export function formatTimestamp(timestamp: string | number): string {
  return typeof timestamp === 'number' ? String(Math.trunc(timestamp)) : timestamp;
}
