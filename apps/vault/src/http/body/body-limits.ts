import { ApiError } from '../api-error.js';

/** What may be read of a body before anything is done. */
export interface BodyLimits {
  readonly bytesMax: number;
  readonly timeMaxMs: number;
}

/** The answer to a body that is too long. */
export function describeTooLarge(bytesMax: number): ApiError {
  return new ApiError('payload_too_large', {
    message: `The request body is larger than ${bytesMax} bytes.`,
    fields: { limit_bytes: bytesMax },
  });
}

/** The answer to a body that did not come in time; its rest is not waited for (RFC 9110 section 15.5.9). */
export function describeLate(): ApiError {
  return new ApiError('request_timeout', { headers: { Connection: 'close' } });
}
