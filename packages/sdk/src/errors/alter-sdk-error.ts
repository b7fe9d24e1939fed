/** What every error of this SDK can carry beside its message. */
export interface ErrorFacts {
  readonly code?: string | undefined;
  readonly details?: Readonly<Record<string, unknown>> | undefined;
  readonly retryable?: boolean | undefined;
  readonly documentationUrl?: string | undefined;
  readonly requestId?: string | undefined;
}

/**
 * Root of every error of this SDK (wire/1 §7.5). `code` is the vault's error code, or the class's own where the
 * error arose locally; no message, field or `inspect` output of it holds a credential (K7).
 */
export class AlterSDKError extends Error {
  static readonly code: string = 'sdk_error';

  readonly code: string;
  /** The vault's error body as received, or facts about the local failure. */
  readonly details: Readonly<Record<string, unknown>>;
  /** Whether the same call may succeed later without anybody's help. */
  readonly retryable: boolean;
  /** The page about this code on the vault that answered. */
  readonly documentationUrl: string | undefined;
  /** Names the request in the vault's log. */
  readonly requestId: string | undefined;

  constructor(message: string, facts: ErrorFacts = {}) {
    super(message);
    this.name = new.target.name;
    this.code = facts.code ?? new.target.code;
    this.details = facts.details ?? {};
    this.retryable = facts.retryable ?? false;
    this.documentationUrl = facts.documentationUrl;
    this.requestId = facts.requestId;
  }
}

/** An argument is wrong; nothing was sent. */
export class AlterValueError extends AlterSDKError {
  static override readonly code = 'invalid_argument';
  declare readonly code: 'invalid_argument';
}
