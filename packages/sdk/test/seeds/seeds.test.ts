import { describe, expect, it } from 'vitest';
import { sendJson } from '../servers/recording-server.js';
import { useTestBed } from '../servers/test-bed.js';
import { apiKey, grantId, tokenAnswer } from '../servers/vault-server.js';
import { buildBackend } from './acting-for-a-user.js';
import {
  explainFailure,
  fetchCalendarEvents,
  listConnections,
  postAndTemplate,
  readEmails,
} from './calls.js';
import type { SeedPlace } from './place.js';
import { runQuickPath } from './quick-path.js';
import { buildWebApp } from './web-app.js';

const bed = useTestBed();
const makePlace = (): SeedPlace => ({
  apiKey,
  baseUrl: bed.vault.url,
  api: bed.provider.url,
  provider: 'google',
  getGrant: () => grantId,
});
const events = {
  items: [{ summary: 'Standup', start: { dateTime: '2026-01-01T09:00:00Z' } }, { start: { date: 'x' } }],
};
const serveEvents = () => bed.provide((_, response) => sendJson(response, 200, events));
const session = {
  session_token: 'alter_cs_x',
  connect_url: 'https://vault.test/connect#alter_cs_x',
  expires_in: 600,
  expires_at: '2027-01-01T00:00:00Z',
  single_provider: true,
  direct: false,
};
const wireGrant = {
  grant_kind: 'oauth',
  grant_id: grantId,
  provider_id: 'google',
  status: 'active',
  created_at: '2026-01-01T00:00:00Z',
  principal_type: 'user',
  access_via: 'ownership',
  scopes: [],
  account_identifier: 'a@x.test',
  account_display_name: 'Alice',
  scope_mismatch: false,
  needs_reconnect: false,
  expires_at: null,
  grant_expires_at: null,
  last_used_at: null,
  label: null,
};

describe('S13: the snippets of the seeds', () => {
  it('quick path: connect from a script, then call', async () => {
    serveEvents();
    const grant = { grant_id: grantId, provider_id: 'google', scopes: [], operation: 'creation' };
    bed.vault.answerJson('createConnectSession', [200, session]);
    bed.vault.answerJson(
      'pollConnectSession',
      [200, { status: 'pending' }],
      [200, { status: 'completed', grants: [grant] }],
    );
    const links: string[] = [];
    const lines = await runQuickPath(makePlace(), (url) => links.push(url));
    expect(lines).toEqual([`Connected: ${grantId} (google)`, 'Event: Standup', 'Event: undefined']);
    expect(links).toEqual([session.connect_url]);
    expect(bed.provider.arrived[0]?.target).toBe('/calendar/v3/calendars/primary/events?maxResults=10');
  });

  it('web application: session, redirect, and a page over a grant', async () => {
    serveEvents();
    bed.vault.answerJson('createConnectSession', [200, session]);
    const { handlers, close } = buildWebApp(makePlace());
    const popup = await handlers['POST /api/connect/session']?.({});
    expect(await popup?.json()).toEqual({ session_token: 'alter_cs_x', connect_url: session.connect_url });
    const redirect = await handlers['GET /connect/:provider']?.({ provider: 'google' });
    expect(redirect?.headers.get('location')).toBe(session.connect_url);
    expect(await (await handlers['GET /api/users/:userId/events']?.({ userId: 'alice' }))?.json()).toEqual(
      events,
    );
    bed.vault.answerJson('retrieveToken', [404, { error: 'grant_not_found', message: 'm' }]);
    expect((await handlers['GET /api/users/:userId/events']?.({ userId: 'alice' }))?.status).toBe(404);
    await close();
  });

  it('basic usage, context managers, POST, templating, managed secrets, agents, lists', async () => {
    serveEvents();
    expect(await fetchCalendarEvents(makePlace(), 'alice')).toEqual([
      '2026-01-01T09:00:00Z: Standup',
      'x: No title',
    ]);
    expect(await postAndTemplate(makePlace())).toEqual([200, 200, 200]);
    expect((await readEmails(makePlace())).status).toBe(200);
    expect(bed.provider.arrived.map((each) => `${each.method} ${each.target}`)).toEqual([
      'GET /calendar/v3/calendars/primary/events?maxResults=10&singleEvents=true&orderBy=startTime',
      'POST /api/chat.postMessage',
      'GET /v1/accounts/acc-123/contacts?limit=50',
      'GET /v1/loyalty/points?user_id=alice',
      'GET /gmail/v1/users/me/messages',
    ]);
    expect(bed.vault.at('retrieveToken').at(-1)?.headers['x-alter-context']).toBe(
      '{"tool":"read_emails","agent":"email-assistant-v2"}',
    );
    const page = { grants: [wireGrant], total: 1, limit: 100, offset: 0, has_more: false };
    bed.vault.answerJson('listGrants', [200, page]);
    expect(await listConnections(makePlace())).toEqual([`${grantId}: Alice`]);
  });

  it.each<[number, object, string]>([
    [403, { error: 'grant_expired' }, 'User must re-authorize - redirect to Alter Connect'],
    [403, { error: 'time_window' }, 'Access denied by policy: m (rule: time_window)'],
    [404, { error: 'grant_not_found' }, "User hasn't connected Google yet - redirect to Alter Connect"],
    [
      403,
      { error: 'scope_mismatch', details: { grant_id: 'g', provider_id: 'google' } },
      'Scopes outdated for google - user must re-authorize (connection: g)',
    ],
  ])('error handling: %i %j', async (status, body, expected) => {
    bed.vault.answerJson('retrieveToken', [status, { message: 'm', ...body }]);
    expect(await explainFailure(makePlace())).toBe(expected);
  });

  it('error handling: provider and network', async () => {
    bed.provide((_, response) => response.writeHead(418).end('teapot'));
    expect(await explainFailure(makePlace())).toBe('Google API error 418: teapot');
    bed.provide((_, response) => response.destroy());
    expect(await explainFailure(makePlace())).toMatch(/^Network issue: /);
  });

  it('acting for a user: the user token finds the grant', async () => {
    serveEvents();
    const asked: (readonly string[])[] = [];
    const backend = buildBackend(makePlace(), async (choices) => {
      asked.push(choices);
      return choices[1] ?? '';
    });
    bed.vault.answerJson('createConnectSession', [200, session]);
    expect(await backend.createSession('jwt-a')).toEqual({ session_token: 'alter_cs_x' });
    const [one, two] = await Promise.all([backend.listEvents('jwt-a'), backend.listEvents('jwt-b')]);
    expect([one, two]).toEqual([events, events]);
    expect(
      bed.vault
        .bodies('retrieveToken')
        .map((each) => each.user_token)
        .sort(),
    ).toEqual(['jwt-a', 'jwt-b']);

    bed.vault.answerJson(
      'retrieveToken',
      [409, { error: 'ambiguous_grant', message: 'm', account_identifiers: ['a@x.test', 'b@x.test'] }],
      [200, tokenAnswer([bed.provider.host])],
    );
    expect((await backend.listEventsOfChosenAccount('jwt-a')).status).toBe(200);
    expect(asked).toEqual([['a@x.test', 'b@x.test']]);
    expect(bed.vault.bodies('retrieveToken').at(-1)?.account).toBe('b@x.test');

    const page = { grants: [wireGrant], total: 1, limit: 100, offset: 0, has_more: false };
    bed.vault.answerJson('listGrants', [200, page]);
    expect(await backend.listConnections('jwt-a')).toEqual([
      { provider: 'google', account: 'a@x.test', grant_id: grantId },
    ]);
    const revoked = { success: true, message: 'm', grant_id: grantId, revoked_at: 'now' };
    bed.vault.answerJson('revokeGrant', [200, { ...revoked, provider_revocation: 'not_supported' }]);
    expect((await backend.revoke('jwt-a', grantId)).success).toBe(true);
    bed.vault.answerJson(
      'verifyUserToken',
      [200, { sub: 'user-1' }],
      [401, { error: 'jwt_validation_error' }],
    );
    expect(await backend.requireUser('jwt-a')).toBe('user-1');
    await expect(backend.requireUser('jwt-b')).rejects.toThrow('401');
    await backend.close();
  });
});
