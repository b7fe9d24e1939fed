/** A JSON value. */
export type Json =
  | string
  | number
  | boolean
  | null
  | readonly Json[]
  | { readonly [key: string]: Json | undefined };

/** The nonce of one signed request: never accepted twice for one key (T1). */
export interface NonceClaim {
  readonly apiKeyId: string;
  readonly nonce: string;
  /** The request's timestamp, seconds since 1970. */
  readonly timestampSeconds: number;
}

/** What a durable append answers. */
export interface AppendResult {
  readonly recordId: string;
  /** True when the nonce was new, or none was claimed. */
  readonly isNonceAccepted: boolean;
}

/** Every kind of record (A2, A4). */
export type AuditEventKind =
  | 'access.retrieve'
  | 'access.proxy'
  | 'access.outcome'
  | 'grant.created'
  | 'grant.reauthorized'
  | 'grant.revoked'
  | 'grant.expired'
  | 'grant.scope_mismatch'
  | 'credential.refreshed'
  | 'credential.refresh_failed'
  | 'credential.died'
  | 'credential.replayed'
  | 'credential.opened_failed'
  | 'connect.session_created'
  | 'connect.authorization_started'
  | 'connect.completed'
  | 'connect.failed'
  | 'connect.denied'
  | 'connect.callback_refused'
  | 'key.minted'
  | 'settings.applying'
  | 'settings.applied'
  | 'keys.rotation_started'
  | 'keys.rotated'
  | 'app.shredded'
  | 'security.signature_refused'
  | 'security.nonce_reused'
  | 'security.key_refused'
  | 'security.user_token_refused'
  | 'security.origin_refused'
  | 'security.credential_echoed'
  | 'provider.breaker_opened'
  | 'provider.breaker_closed'
  | 'audit.exported'
  | 'audit.month_retired'
  | 'webhook.given_up'
  | 'webhook.disabled'
  | 'webhook.enabled'
  | 'webhook.resent'
  | 'webhook.secret_rotated'
  | 'server.started'
  | 'server.stopped'
  | 'backup.created'
  | 'backup.restored';

/**
 * One event as a use case tells it. No credential and no body ever goes in: of bodies only size and SHA-256 (A2).
 * `url` is given as called; the log drops its userinfo and redacts query values by rule.
 */
export interface AuditEvent {
  readonly kind: AuditEventKind;
  readonly appId: string | null;
  readonly grantId?: string | null | undefined;
  readonly providerId?: string | null | undefined;
  readonly userId?: string | null | undefined;
  readonly apiKeyId?: string | null | undefined;
  readonly keyPrefix?: string | null | undefined;
  readonly caller?: string | null | undefined;
  readonly callerType?: string | null | undefined;
  readonly actorId?: string | null | undefined;
  readonly principal?: string | null | undefined;
  readonly credentialKind?: string | null | undefined;
  readonly method?: string | null | undefined;
  readonly url?: string | null | undefined;
  readonly reason?: string | null | undefined;
  readonly context?: Readonly<Record<string, Json | undefined>> | null | undefined;
  readonly decision?: 'allow' | 'deny' | null | undefined;
  readonly outcome?: string | null | undefined;
  readonly rule?: Readonly<Record<string, Json | undefined>> | null | undefined;
  readonly sourceAddress?: string | null | undefined;
  readonly traceId?: string | null | undefined;
  readonly requestId?: string | null | undefined;
  readonly status?: number | null | undefined;
  readonly latencyMs?: number | null | undefined;
  readonly requestBytes?: number | null | undefined;
  readonly requestSha256?: string | null | undefined;
  readonly responseBytes?: number | null | undefined;
  readonly responseSha256?: string | null | undefined;
  readonly errorCode?: string | null | undefined;
  readonly details?: Readonly<Record<string, Json | undefined>> | null | undefined;
}
