import { ApiError } from '../api-error.js';

/** How long the part of a body may take that is read before anything is done. */
export const bodyTimeMaxMs = 60_000;

/** The answer to a body that is too long. */
export function describeTooLarge(bytesMax: number): ApiError {
  return new ApiError('payload_too_large', {
    message: `The request body is larger than ${bytesMax} bytes.`,
    fields: { limit_bytes: bytesMax },
  });
}

/** The answer to a body that did not come in time. */
export function describeLate(): ApiError {
  return new ApiError('invalid_request', { message: 'The request body did not arrive in time.' });
}
