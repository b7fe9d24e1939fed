import {
  AlterVault,
  GrantNotFoundError,
  HttpMethod,
  NetworkError,
  PolicyViolationError,
  ProviderAPIError,
  ReAuthRequiredError,
  ScopeReauthRequiredError,
} from '@alter-ai/alter-sdk';
import type { SeedPlace } from './place.js';

interface Events {
  items?: { start: { dateTime?: string; date?: string }; summary?: string }[];
}

/** "Basic Usage". */
export async function fetchCalendarEvents(place: SeedPlace, userId: string): Promise<string[]> {
  const vault = new AlterVault({ apiKey: place.apiKey, baseUrl: place.baseUrl, caller: 'my-agent' });

  // Your app stores the grant id when the user completes Alter Connect (Step 5)
  const grantId = place.getGrant(userId);

  try {
    // Make API request - token is injected automatically
    const response = await vault.request(
      HttpMethod.GET,
      `${place.api}/calendar/v3/calendars/primary/events`,
      {
        grantId,
        queryParams: { maxResults: '10', singleEvents: 'true', orderBy: 'startTime' },
        reason: 'Fetching calendar events',
      },
    );
    const events = (await response.json()) as Events;
    return (events.items ?? []).map(
      (event) => `${event.start.dateTime ?? event.start.date}: ${event.summary ?? 'No title'}`,
    );
  } finally {
    await vault.close();
  }
}

/** "Using Context Managers" and "POST Requests and URL Templating". */
export async function postAndTemplate(place: SeedPlace): Promise<number[]> {
  await using vault = new AlterVault({ apiKey: place.apiKey, baseUrl: place.baseUrl, caller: 'my-agent' });

  // POST with JSON body
  const posted = await vault.request(HttpMethod.POST, `${place.api}/api/chat.postMessage`, {
    grantId: place.getGrant('slack'), // from Alter Connect
    json: { channel: '#general', text: 'Hello from Alter!' },
  });

  // URL path templating with automatic URL encoding
  const listed = await vault.request(HttpMethod.GET, `${place.api}/v1/accounts/{account_id}/contacts`, {
    grantId: place.getGrant('sentry'), // from Alter Connect
    pathParams: { account_id: 'acc-123' },
    queryParams: { limit: '50' },
  });

  // "Alternative: Using Managed Secrets": the same call, only the grant id comes from elsewhere
  const points = await vault.request(HttpMethod.GET, `${place.api}/v1/loyalty/points`, {
    grantId: place.getGrant('loyalty'),
    queryParams: { user_id: 'alice' },
    reason: 'Checking loyalty points',
  });
  return [posted.status, listed.status, points.status];
  // Clients automatically closed
}

/** "Error Handling". */
export async function explainFailure(place: SeedPlace): Promise<string> {
  await using vault = new AlterVault({ apiKey: place.apiKey, baseUrl: place.baseUrl });
  try {
    const response = await vault.request(
      HttpMethod.GET,
      `${place.api}/calendar/v3/calendars/primary/events`,
      { grantId: place.getGrant('alice') },
    );
    return `OK ${response.status}`;
  } catch (error) {
    if (error instanceof ReAuthRequiredError) return 'User must re-authorize - redirect to Alter Connect';
    if (error instanceof PolicyViolationError) {
      return `Access denied by policy: ${error.message} (rule: ${error.policyError})`;
    }
    if (error instanceof GrantNotFoundError) {
      return "User hasn't connected Google yet - redirect to Alter Connect";
    }
    if (error instanceof NetworkError) return `Network issue: ${error.message}`;
    if (error instanceof ScopeReauthRequiredError) {
      return `Scopes outdated for ${error.providerId} - user must re-authorize (connection: ${error.grantId})`;
    }
    if (error instanceof ProviderAPIError)
      return `Google API error ${error.statusCode}: ${error.responseBody}`;
    throw error;
  }
}

/** "AI Agent Integration". */
export async function readEmails(place: SeedPlace): Promise<Response> {
  await using vault = new AlterVault({
    apiKey: place.apiKey,
    baseUrl: place.baseUrl,
    caller: 'email-assistant-v2',
  });

  // Caller identity is sent automatically on every request
  // Per-request context adds execution detail for audit logs
  return await vault.request(HttpMethod.GET, `${place.api}/gmail/v1/users/me/messages`, {
    grantId: place.getGrant('alice'), // from Alter Connect
    context: { tool: 'read_emails', agent: 'email-assistant-v2' },
    reason: 'Reading emails for daily digest',
  });
}

/** "Multiple Connections": list what a user has connected. */
export async function listConnections(place: SeedPlace): Promise<string[]> {
  await using vault = new AlterVault({ apiKey: place.apiKey, baseUrl: place.baseUrl });
  const result = await vault.listGrants({ providerId: place.provider });
  return result.grants.map((grant) => `${grant.grantId}: ${grant.accountDisplayName}`);
}
