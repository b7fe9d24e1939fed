import { sdkEndpoints } from '@alter-ai/core-contract';
import { proxyCall } from '../../../access/proxy/proxy-call.js';
import { route } from '../../../http/route.js';

/** `POST /sdk/proxy`. */
export const routes = [
  route(sdkEndpoints.proxyCall, proxyCall, {
    claimsNonceItself: true,
    isDirect: true,
    exactField: 'body',
    // The body of the call travels in it; longer ones go by stream.
    bodyBytesMax: 10 * 1024 * 1024,
  }),
];
