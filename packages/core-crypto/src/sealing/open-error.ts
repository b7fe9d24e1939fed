/** The one error for a value that cannot be opened; it does not say why, and carries no cause (K8). */
export class OpenError extends Error {
  readonly code = 'open_failed';

  constructor() {
    super('The sealed value could not be opened.');
    this.name = 'OpenError';
  }
}
