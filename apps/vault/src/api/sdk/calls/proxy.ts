import { sdkEndpoints, streamEndpoints } from '@alter-ai/core-contract';
import { proxyCall } from '../../../access/proxy/proxy-call.js';
import { proxyStream } from '../../../access/proxy/stream/proxy-stream.js';
import { route } from '../../../http/route.js';

/** `POST /sdk/proxy` and `POST /sdk/proxy/stream`. */
export const routes = [
  route(sdkEndpoints.proxyCall, proxyCall, {
    claimsNonceItself: true,
    isDirect: true,
    exactField: 'body',
    // The body of the call travels in it; longer ones go by stream.
    bodyBytesMax: 4 * 1024 * 1024,
  }),
  route(streamEndpoints.proxyStream, proxyStream, {
    claimsNonceItself: true,
    isDirect: true,
    isStreamed: true,
    // Of the first line.
    bodyBytesMax: 256 * 1024,
  }),
];
