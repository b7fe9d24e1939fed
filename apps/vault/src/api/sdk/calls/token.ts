import { sdkEndpoints } from '@alter-ai/core-contract';
import { releaseCredential } from '../../../access/release-credential.js';
import { route } from '../../../http/route.js';

/** `POST /sdk/token`. */
export const routes = [
  route(sdkEndpoints.retrieveToken, releaseCredential, { claimsNonceItself: true, isDirect: true }),
];
