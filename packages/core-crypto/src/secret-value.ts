const redacted = '[redacted]';

/**
 * Carries one secret string without showing it: string conversion, JSON and `util.inspect` give `[redacted]` (K7).
 * The value lives in a private field, so it is no property, is not enumerated and does not survive `structuredClone`.
 */
export class SecretValue {
  readonly #value: string;

  private constructor(value: string) {
    this.#value = value;
  }

  /** Wraps a secret. */
  static of(value: string): SecretValue {
    return new SecretValue(value);
  }

  /** The secret itself; call it only where the value leaves for its destination. */
  reveal(): string {
    return this.#value;
  }

  toString(): string {
    return redacted;
  }

  toJSON(): string {
    return redacted;
  }

  [Symbol.toPrimitive](): string {
    return redacted;
  }

  // The registered symbol instead of `util.inspect.custom`, so that the file has no import and runs in browsers.
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return redacted;
  }
}
