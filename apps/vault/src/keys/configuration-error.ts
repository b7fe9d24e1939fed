/** The server cannot start as it is configured: the message says what to change; the process ends with exit code 78. */
export class ConfigurationError extends Error {
  readonly code = 'configuration_invalid';
  readonly exitCode = 78;

  constructor(message: string) {
    super(message);
    this.name = 'ConfigurationError';
  }
}

/** None of the root keys at hand is the one of these data; nothing was written with them. */
export class RootKeyMismatchError extends ConfigurationError {}
