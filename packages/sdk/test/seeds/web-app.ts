import { AlterVault, GrantNotFoundError, HttpMethod } from '@alter-ai/alter-sdk';
import type { SeedPlace } from './place.js';

type Handler = (params: Record<string, string>) => Promise<Response>;

/** "Full Web App Integration": steps 4, 5A and the complete example, as handlers of any server. */
export function buildWebApp(place: SeedPlace): { handlers: Record<string, Handler>; close(): Promise<void> } {
  const vault = new AlterVault({ apiKey: place.apiKey, baseUrl: place.baseUrl, caller: 'my-web-app' });

  const handlers: Record<string, Handler> = {
    'POST /api/connect/session': async () => {
      const session = await vault.createConnectSession({ allowedProviders: [place.provider] });
      // Return both - your frontend decides which to use
      return Response.json({
        session_token: session.sessionToken, // For popup flow
        connect_url: session.connectUrl, // For redirect flow
      });
    },

    'GET /connect/:provider': async ({ provider = '' }) => {
      const session = await vault.createConnectSession({
        allowedProviders: [provider],
        returnUrl: 'https://myapp.com/connect/callback',
      });
      return Response.redirect(session.connectUrl); // User goes to hosted OAuth page
    },

    'GET /api/users/:userId/events': async ({ userId = '' }) => {
      // Your app stores the grant id when the user completes Alter Connect
      const grantId = place.getGrant(userId);
      try {
        const response = await vault.request(
          HttpMethod.GET,
          `${place.api}/calendar/v3/calendars/primary/events`,
          {
            grantId,
            queryParams: { maxResults: '10', singleEvents: 'true', orderBy: 'startTime' },
            reason: 'User viewing calendar events',
          },
        );
        return Response.json(await response.json());
      } catch (error) {
        if (!(error instanceof GrantNotFoundError)) throw error;
        return Response.json({ error: "User hasn't connected Google account" }, { status: 404 });
      }
    },
  };
  return { handlers, close: () => vault.close() };
}
