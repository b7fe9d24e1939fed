import { sdkEndpoints } from '@alter-ai/core-contract';
import { describeCatalog, describeKeyScopes } from '../../grants/describe-catalog.js';
import { route } from '../../http/route.js';

/** `GET /sdk/oauth/provider-catalog` and `GET /sdk/scopes`. */
export const routes = [
  route(sdkEndpoints.listProviders, async ({ deps, caller }) => ({
    providers: describeCatalog(await deps.settings.load(caller.appId, caller.appVersion)),
  })),
  route(sdkEndpoints.listScopes, async () => describeKeyScopes()),
];
