/** A rotation, or a shredding, that cannot be done as things are; the message says why and what to do. Nothing was changed. */
export class RotationError extends Error {
  readonly code: 'rotation_refused' | 'not_found';

  constructor(message: string, code: RotationError['code'] = 'rotation_refused') {
    super(message);
    this.name = 'RotationError';
    this.code = code;
  }
}
