import type { AppendResult, AuditEvent, NonceClaim } from './audit-event.js';

/** The append-only record of everything that happened (A1 to A6). One per process, one hash chain each. */
export interface AuditLog {
  /**
   * Records an event, and with it claims the nonce of the request, in one durable write that many callers share.
   * Resolves once durable; rejects with AuditUnavailableError when it could not be written: then nothing may leave (A1).
   * With a nonce that was used before, the record becomes `security.nonce_reused` and `isNonceAccepted` is false.
   */
  append(event: AuditEvent, claim?: NonceClaim): Promise<AppendResult>;
  /** Claims a nonce without a record; false when it was used before, here, at another process or before a restart (T1). */
  claimNonce(claim: NonceClaim): Promise<boolean>;
  /** Whether this process has seen the nonce: synchronous, for refusing early; false proves nothing. */
  wasNonceSeen(claim: NonceClaim): boolean;
  /** Resolves when everything that was appended before is durable or has failed. */
  flush(): Promise<void>;
  /** Writes what waits, then refuses further records. */
  close(): Promise<void>;
}

/** The record could not be made durable; HTTP 503 `audit_unavailable`. */
export class AuditUnavailableError extends Error {
  readonly code = 'audit_unavailable';

  constructor(options?: ErrorOptions) {
    super('The audit record could not be written.', options);
    this.name = 'AuditUnavailableError';
  }
}
