import { AsyncLocalStorage } from 'node:async_hooks';
import { AmbiguousGrantError, App, HttpMethod } from '@alter-ai/alter-sdk';
import type { SeedPlace } from './place.js';

const currentJwt = new AsyncLocalStorage<string>();

/** The guide "call third-party APIs on behalf of any logged-in user": the backend keeps no grant ids. */
export function buildBackend(place: SeedPlace, pickAccount: (choices: readonly string[]) => Promise<string>) {
  const alter = new App({
    apiKey: place.apiKey,
    baseUrl: place.baseUrl,
    userTokenGetter: () => currentJwt.getStore() ?? '',
  });
  const url = `${place.api}/calendar/v3/calendars/primary/events`;

  return {
    // Mint a Connect session on the backend
    createSession: async (jwt: string) => {
      const session = await alter.createConnectSession({
        allowedProviders: [place.provider],
        allowedOrigin: 'https://app.example.com',
        userToken: jwt, // binds the grant to this user
      });
      return { session_token: session.sessionToken };
    },

    // Call the provider from the backend: no grantId, only provider
    listEvents: (jwt: string) =>
      currentJwt.run(jwt, async () => {
        const response = await alter.request(HttpMethod.GET, url, { provider: place.provider });
        return (await response.json()) as unknown;
      }),

    // Multi-account users
    listEventsOfChosenAccount: (jwt: string) =>
      currentJwt.run(jwt, async () => {
        try {
          return await alter.request(HttpMethod.GET, url, { provider: place.provider });
        } catch (error) {
          if (!(error instanceof AmbiguousGrantError)) throw error;
          const chosen = await pickAccount(error.accountIdentifiers);
          return await alter.request(HttpMethod.GET, url, { provider: place.provider, account: chosen });
        }
      }),

    // Listing the user's connections
    listConnections: (jwt: string) =>
      currentJwt.run(jwt, async () => {
        const page = await alter.listGrants();
        return page.grants.map((g) => ({
          provider: g.providerId,
          account: g.accountIdentifier,
          grant_id: g.grantId,
        }));
      }),

    // Revoking a grant from the backend
    revoke: (jwt: string, grantId: string) => currentJwt.run(jwt, () => alter.revokeGrant(grantId)),

    // verify_user_token()
    requireUser: async (jwt: string) => {
      const sub = await alter.verifyUserToken(jwt);
      if (sub === null) throw new Error('401 invalid token');
      return sub;
    },

    close: () => alter.close(),
  };
}
