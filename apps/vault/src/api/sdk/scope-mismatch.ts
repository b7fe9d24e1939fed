import { sdkEndpoints } from '@alter-ai/core-contract';
import { reportMismatch } from '../../access/feedback/report-mismatch.js';
import { route } from '../../http/route.js';

/** `POST /sdk/grants/{grant_id}/report-scope-mismatch`. */
export const routes = [
  route(sdkEndpoints.reportScopeMismatch, async (context, body) => {
    await reportMismatch(context, body);
    return undefined;
  }),
];
