import { ApiError } from '../api-error.js';
import type { BodyShare } from './body-budget.js';

/** What may be read of a body before anything is done. */
export interface BodyLimits {
  readonly bytesMax: number;
  readonly timeMaxMs: number;
  /** The request's part of what all bodies may take. */
  readonly share: BodyShare;
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

/** The answer where the bodies of all requests are too much; its rest is not waited for. */
export function describeBusy(): ApiError {
  return new ApiError('service_unavailable', {
    message: 'Too many large requests are under way. Try again shortly.',
    retryAfterSeconds: 1,
    headers: { Connection: 'close' },
  });
}
