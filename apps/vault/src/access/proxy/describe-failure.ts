import { EgressError, type EgressErrorCode } from '@alter-ai/egress';
import { ApiError } from '../../http/api-error.js';
import type { PreparedCall } from '../prepare-call.js';

const reasons: Partial<Record<EgressErrorCode, string>> = {
  connection_lost: 'connection_lost',
  invalid_response: 'invalid_response',
  response_too_large: 'response_too_large',
  aborted: 'caller_gone',
};

/**
 * What the caller is told when the call to the provider failed: whether it can have had its effect is in the code (E4).
 * Anything but an EgressError is given back as it is.
 */
export function describeFailure(error: unknown, { grant, allowedHosts }: PreparedCall): unknown {
  if (!(error instanceof EgressError)) return error;
  const fields = {
    grant_id: grant.grant_id,
    provider_id: grant.provider_id,
    ...(error.host === undefined ? {} : { host: error.host }),
  };
  switch (error.code) {
    case 'invalid_url':
    case 'blocked_destination':
      return new ApiError('blocked_destination', {
        message: `The credential may not be sent to this destination: ${error.message}.`,
        fields: { ...fields, allowed_hosts: allowedHosts },
        cause: error,
      });
    case 'invalid_request':
      return new ApiError('header_not_allowed', { message: `${error.message}.`, fields, cause: error });
    case 'timeout':
    case 'connect_timeout':
      return new ApiError('provider_timeout', {
        // Before the first byte the time was spent on this side of the provider.
        fields: { ...fields, timeout_reason: error.requestWritten ? 'upstream_timeout' : 'gateway_timeout' },
        cause: error,
      });
    default:
      return error.requestWritten || error.code === 'aborted'
        ? new ApiError('provider_call_failed', {
            fields: { ...fields, reason: reasons[error.code] ?? 'connection_lost' },
            cause: error,
          })
        : new ApiError('provider_unreachable', { fields, cause: error });
  }
}
