/**
 * The service or folder that keeps root keys did not do what was asked. `isRefused` tells what the operator has to change (token,
 * policy, name of the key) from what passes by itself (network, sealed, too many requests). The message names host and key, never a value.
 */
export class KeyServiceError extends Error {
  readonly code = 'key_service_unavailable';
  readonly isRefused: boolean;

  constructor(message: string, options: { isRefused: boolean }) {
    super(message);
    this.name = 'KeyServiceError';
    this.isRefused = options.isRefused;
  }
}

/** The service has no key of this name: it was deleted, or was never there. */
export class KeyNotThereError extends KeyServiceError {}

/** A value is wrapped with a root key that this process does not have: another process rotated it, or the configuration lacks it. */
export class UnknownRootKeyError extends Error {
  readonly code = 'root_key_unknown';
  readonly keyId: string;

  constructor(keyId: string) {
    super(`This process does not have root key ${keyId}.`);
    this.name = 'UnknownRootKeyError';
    this.keyId = keyId;
  }
}
