import { sdkEndpoints, serverEndpoints } from '@alter-ai/core-contract';
import { openSigningKey } from '../../audit/checkpoints/signing-key-store.js';
import {
  buildReceipt,
  ReceiptPendingError,
  RecordNotFoundError,
} from '../../audit/receipts/build-receipt.js';
import { findNextCheckpointSeconds } from '../../audit/receipts/next-checkpoint.js';
import { ApiError } from '../../http/api-error.js';
import { type RouteRegistration, route } from '../../http/route.js';

/** `GET /sdk/audit/receipts/{record_id}` and `GET /audit/keys`. */
export const routes: readonly RouteRegistration[] = [
  route(
    sdkEndpoints.getAuditReceipt,
    async ({ deps, caller, params }) => {
      const recordId = params.record_id ?? '';
      try {
        return await buildReceipt(deps, { recordId, appId: caller.appId });
      } catch (error) {
        if (error instanceof RecordNotFoundError) throw new ApiError('audit_record_not_found');
        if (!(error instanceof ReceiptPendingError)) throw error;
        throw new ApiError('receipt_pending', {
          fields: { record_id: recordId },
          retryAfterSeconds: await findNextCheckpointSeconds(deps),
        });
      }
    },
    // A proof reads all records that its checkpoint covers.
    { perMinuteMax: 120 },
  ),
  route(serverEndpoints.auditKeys, async ({ deps }) => {
    const key = await openSigningKey(deps);
    return { keys: key === null ? [] : [{ ...key.publicJwk, use: 'sig', alg: 'EdDSA' } as const] };
  }),
];
