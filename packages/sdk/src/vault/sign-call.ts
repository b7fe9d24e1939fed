import { headerNames } from '@alter-ai/core-contract';
import { buildSignedHeaders, createNonce, sha256Hex } from '@alter-ai/core-crypto';
import { readTraceparent } from '../transport/trace-context.js';
import { userAgent } from '../user-agent.js';
import type { VaultClient } from './vault-client.js';

/** Who makes one call and what it is part of. */
export interface CallIdentity {
  /** Replaces the client's caller on this call; no actor id is sent then. */
  readonly caller?: string | undefined;
  /** `X-Alter-Context`, encoded. */
  readonly context?: string | undefined;
  /** False for calls that carry no actor id (wire/1 §4.1). */
  readonly hasActorId?: boolean;
}

/** Headers of one signed call: with the key's id, and the key itself only on request (wire/1 §3, T1). */
export function signCall(
  client: VaultClient,
  method: string,
  target: string,
  content: string | undefined,
  identity: CallIdentity,
): Record<string, string> {
  const { settings, runtime } = client;
  const caller = identity.caller ?? settings.caller;
  const canSendActorId = identity.caller === undefined && identity.hasActorId !== false;
  const signed = buildSignedHeaders(settings.signingKey, {
    method,
    target,
    timestamp: runtime.nowMs() / 1000,
    nonce: createNonce((size) => runtime.randomBytes(size)),
    bodySha256: sha256Hex(content ?? ''),
    caller,
    callerType: caller === undefined ? undefined : settings.callerType,
    actorId: canSendActorId ? client.actorId : undefined,
    context: identity.context,
  });
  const traceparent = readTraceparent();
  return {
    ...signed,
    'User-Agent': userAgent,
    ...(traceparent !== undefined && { traceparent }),
    ...(content !== undefined && {
      'Content-Type': 'application/json',
      'Content-Length': String(Buffer.byteLength(content)),
    }),
    ...(settings.apiKey === undefined
      ? { [headerNames.keyId]: settings.keyId }
      : { [headerNames.apiKey]: settings.apiKey.reveal() }),
  };
}
