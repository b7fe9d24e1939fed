import { AlterVault, HttpMethod } from '@alter-ai/alter-sdk';
import type { SeedPlace } from './place.js';

/** "Quick Path": connect in the browser, then call. `onLink` opens the page where the seed lets the SDK do it. */
export async function runQuickPath(place: SeedPlace, onLink: (url: string) => void): Promise<string[]> {
  const lines: string[] = [];
  const vault = new AlterVault({
    apiKey: place.apiKey,
    baseUrl: place.baseUrl,
    caller: 'my-agent',
  });

  // Open browser → user authorizes → SDK returns connections
  const results = await vault.connect({
    providers: [place.provider],
    openBrowser: false,
    onLink,
    pollInterval: 0.05,
  });
  lines.push(`Connected: ${results[0]?.grantId} (${results[0]?.providerId})`);

  // Make API calls with the grant
  const response = await vault.request(HttpMethod.GET, `${place.api}/calendar/v3/calendars/primary/events`, {
    grantId: results[0]?.grantId,
    queryParams: { maxResults: '10' },
  });
  const events = (await response.json()) as { items?: { summary: string }[] };
  for (const event of events.items ?? []) lines.push(`Event: ${event.summary}`);

  await vault.close();
  return lines;
}
