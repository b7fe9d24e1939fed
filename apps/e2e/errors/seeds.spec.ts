import { randomUUID } from 'node:crypto';
import { expect, test } from '@playwright/test';
import { connectOverHttp, openConnectUrl } from '../harness/connect-over-http.js';
import { type CalendarApi, startCalendarApi } from '../harness/situations/calendar-api.js';
import { loadSeedSnippets, type SeedPlace } from '../harness/situations/seed-snippets.js';
import { type Stack, startStack } from '../harness/stack.js';

let stack: Stack;
let api: CalendarApi;
let seeds: Awaited<ReturnType<typeof loadSeedSnippets>>;

test.beforeAll(async () => {
  seeds = await loadSeedSnippets();
  api = await startCalendarApi(() => stack.provider.issuer);
  stack = await startStack({
    acme: { api_hosts: [api.host] },
    app: {
      allowed_origins: ['https://app.example.com'],
      return_urls: ['https://myapp.com/connect/callback'],
    },
  });
});
test.afterAll(async () => {
  await stack?.close();
  await api?.close();
});
test.beforeEach(() => {
  api.calls.length = 0;
});

const makePlace = (grantId: string): SeedPlace => ({
  apiKey: stack.apiKey,
  baseUrl: stack.vault.url,
  api: api.url,
  provider: 'acme',
  getGrant: () => grantId,
});
const connect = (user = 'alice', subject?: string) =>
  (subject === undefined ? Promise.resolve(undefined) : stack.userToken(subject)).then((userToken) =>
    connectOverHttp(
      { url: stack.vault.url, apiKey: stack.apiKey },
      { providerId: 'acme', user, session: userToken === undefined ? {} : { userToken } },
    ),
  );

test('S13: quick path', async () => {
  let follow: Promise<unknown> | undefined;
  const lines = await seeds.runQuickPath(makePlace(''), (url) => {
    follow = openConnectUrl(stack.vault.url, url, { providerId: 'acme' });
  });
  await follow;
  const { grants } = await stack.sdk.listGrants();
  expect(lines).toEqual([`Connected: ${grants[0]?.grantId} (acme)`, 'Event: Standup', 'Event: undefined']);
  expect(api.calls).toEqual(['GET /calendar/v3/calendars/primary/events?maxResults=10 alice']);
});

test('S13: web application', async () => {
  const place = makePlace(await connect());
  const { handlers, close } = seeds.buildWebApp(place);
  const popup = (await (await handlers['POST /api/connect/session']?.({}))?.json()) as Record<string, string>;
  expect(popup.session_token).toMatch(/^alter_cs_/);
  const redirect = await handlers['GET /connect/:provider']?.({ provider: 'acme' });
  const link = redirect?.headers.get('location') ?? '';
  expect(link).toContain(`${stack.vault.url}/sdk/oauth/connect#session=`);
  const done = await openConnectUrl(stack.vault.url, link, { providerId: 'acme' });
  expect(done.status).toBeLessThan(400);
  const events = await handlers['GET /api/users/:userId/events']?.({ userId: 'alice' });
  expect(await events?.json()).toMatchObject({ account: 'alice' });
  await close();
  const stranger = seeds.buildWebApp(makePlace(randomUUID()));
  expect((await stranger.handlers['GET /api/users/:userId/events']?.({ userId: 'x' }))?.status).toBe(404);
  await stranger.close();
});

test('S13: basic usage, POST, templating, agents, lists', async () => {
  const grantId = await connect();
  const place = makePlace(grantId);
  expect(await seeds.fetchCalendarEvents(place, 'alice')).toEqual([
    '2026-01-01T09:00:00Z: Standup',
    '2026-01-02: No title',
  ]);
  expect(await seeds.postAndTemplate(place)).toEqual([200, 200, 200]);
  expect((await seeds.readEmails(place)).status).toBe(200);
  expect(api.calls).toEqual([
    'GET /calendar/v3/calendars/primary/events?maxResults=10&singleEvents=true&orderBy=startTime alice',
    'POST /api/chat.postMessage alice',
    'GET /v1/accounts/acc-123/contacts?limit=50 alice',
    'GET /v1/loyalty/points?user_id=alice alice',
    'GET /gmail/v1/users/me/messages alice',
  ]);
  expect(await seeds.listConnections(place)).toContainEqual(expect.stringContaining(grantId));
  const tail = stack.vault.alter('audit', 'tail', '--grant', grantId, '--json');
  const record = tail.stdout
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Record<string, unknown>)
    .find(({ kind, reason }) => kind === 'access.retrieve' && reason === 'Reading emails for daily digest');
  expect(record).toMatchObject({
    caller: 'email-assistant-v2',
    context: { tool: 'read_emails', agent: 'email-assistant-v2' },
  });
});

test('S13: error handling', async () => {
  expect(await seeds.explainFailure(makePlace(randomUUID()))).toBe(
    "User hasn't connected Google yet - redirect to Alter Connect",
  );
  const grantId = await connect('alice', 'snippet');
  expect(await seeds.explainFailure(makePlace(grantId))).toBe('OK 200');
  await stack.sdk.revokeGrant(grantId);
  expect(await seeds.explainFailure(makePlace(grantId))).toBe(
    'User must re-authorize - redirect to Alter Connect',
  );
});

test('S13: acting for a user', async () => {
  const asked: (readonly string[])[] = [];
  const backend = seeds.buildBackend(makePlace(''), async (choices) => {
    asked.push([...choices].sort());
    return 'bob@example.test';
  });
  const jwt = await stack.userToken('ada');
  const { session_token } = await backend.createSession(jwt);
  expect(session_token).toMatch(/^alter_cs_/);
  await connect('alice', 'ada');
  expect(await backend.listEvents(jwt)).toMatchObject({ account: 'alice' });
  const bob = await connect('bob', 'ada');
  expect(await (await backend.listEventsOfChosenAccount(jwt)).json()).toMatchObject({ account: 'bob' });
  expect(asked).toEqual([['alice@example.test', 'bob@example.test']]);
  const connections = await backend.listConnections(jwt);
  expect(connections).toContainEqual({ provider: 'acme', account: 'bob@example.test', grant_id: bob });
  expect(connections).toHaveLength(2);
  // Another user's token reaches none of it.
  const stranger = await stack.userToken('eve');
  expect(await backend.listConnections(stranger)).toEqual([]);
  await expect(backend.revoke(stranger, bob)).rejects.toMatchObject({ code: 'grant_not_found' });
  expect((await backend.revoke(jwt, bob)).success).toBe(true);
  expect(await backend.listEvents(jwt)).toMatchObject({ account: 'alice' });
  expect(await backend.requireUser(jwt)).toBe('ada');
  await expect(backend.requireUser('not.a.token')).rejects.toThrow('401');
  await backend.close();
});
