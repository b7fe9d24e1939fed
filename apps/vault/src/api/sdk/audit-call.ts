import { sdkEndpoints } from '@alter-ai/core-contract';
import { recordOutcome } from '../../access/feedback/record-outcome.js';
import { route } from '../../http/route.js';

/** `POST /sdk/oauth/audit/api-call`. */
export const routes = [
  route(
    sdkEndpoints.recordApiCall,
    async (context, body) => {
      await recordOutcome(context, body);
      return { recorded: true } as const;
    },
    // Bodies travel with the record, only to be measured.
    { claimsNonceItself: true, isDirect: true, bodyBytesMax: 4 * 1024 * 1024 },
  ),
];
