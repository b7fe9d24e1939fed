import { describe, expect, it } from 'vitest';
import {
  buildLookupRequest,
  buildUserinfoRequest,
  parseAccount,
  parseLookupResponse,
  parseUserinfoResponse,
  resolveProviderDefinition,
} from '../src/index.js';

const define = (id: string) => resolveProviderDefinition({ id });

describe('userinfo request', () => {
  const build = (id: string, params = {}) =>
    buildUserinfoRequest({ definition: define(id), accessToken: 'a/b', params });

  it('bearer by GET', () => {
    expect(build('google')).toEqual({
      url: 'https://openidconnect.googleapis.com/v1/userinfo',
      method: 'GET',
      headers: { Accept: 'application/json', 'User-Agent': 'alter-vault', Authorization: 'Bearer a/b' },
    });
  });

  it('POST with a body: GraphQL (Linear), the word null (Dropbox)', () => {
    expect(build('linear')).toMatchObject({
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
    });
    expect(JSON.parse(build('linear')?.body ?? '')).toEqual({
      query: '{ viewer { id email name organization { id urlKey } } }',
    });
    expect(build('dropbox')).toMatchObject({ method: 'POST', body: 'null' });
  });

  it('token in the path and not in a header (HubSpot)', () => {
    expect(build('hubspot')?.url).toBe('https://api.hubapi.com/oauth/v1/access-tokens/a%2Fb');
    expect(build('hubspot')?.headers.Authorization).toBeUndefined();
  });

  it('a header of the configuration replaces ours, however it is spelled', () => {
    const definition = resolveProviderDefinition({
      id: 'github',
      overrides: { userinfo_headers: { 'user-agent': 'x', accept: 'y' } },
    });
    expect(buildUserinfoRequest({ definition, accessToken: 'a' })?.headers).toEqual({
      'user-agent': 'x',
      accept: 'y',
      Authorization: 'Bearer a',
    });
  });

  it('own host (Salesforce), none where the token response tells (Notion)', () => {
    expect(build('salesforce', { domain: 'test.salesforce.com' })?.url).toBe(
      'https://test.salesforce.com/services/oauth2/userinfo',
    );
    expect(build('notion')).toBeUndefined();
  });

  it.each([
    ['slack', 200, '{"ok":false,"error":"invalid_auth"}', { ok: false, error: 'invalid_auth' }],
    [
      'linear',
      200,
      '{"data":null,"errors":[{"message":"x","extensions":{"code":"AUTHENTICATION_ERROR"}}]}',
      { ok: false, error: 'AUTHENTICATION_ERROR' },
    ],
    ['google', 401, '{"message":"no"}', { ok: false, kind: 'other' }],
    ['google', 200, '<html>', { ok: false, kind: 'transient' }],
    ['google', 200, '{"sub":"1"}', { ok: true, userinfo: { sub: '1' } }],
  ])('answer of %s: %i %s', (id, status, bodyText, expected) => {
    expect(
      parseUserinfoResponse({ definition: define(id), status, headers: {}, bodyText, nowMs: 0 }),
    ).toMatchObject(expected);
  });
});

describe('account', () => {
  it.each([
    [
      'google',
      { sub: '1', email: 'a@b.c', name: 'A' },
      {
        issuer: 'https://accounts.google.com',
        subject: '1',
        identifier: 'a@b.c',
        displayName: 'A',
        email: 'a@b.c',
      },
    ],
    [
      'microsoft',
      { id: 'g', userPrincipalName: 'a@t', displayName: 'A', mail: null },
      {
        issuer: 'https://login.microsoftonline.com',
        subject: 'g',
        identifier: 'a@t',
        displayName: 'A',
        email: 'a@t',
      },
    ],
    [
      'github',
      { id: 583_231, login: 'octocat', name: null, email: null },
      { issuer: 'https://github.com', subject: '583231', identifier: 'octocat' },
    ],
    [
      'slack',
      { ok: true, user: 'bot', user_id: 'U1', team: 'T', team_id: 'T1' },
      { issuer: 'https://slack.com', subject: 'T1:U1', identifier: 'bot', displayName: 'T' },
    ],
    [
      'hubspot',
      { user: 'a@b.c', user_id: 7, hub_id: 8, hub_domain: 'h.com' },
      {
        issuer: 'https://app.hubspot.com',
        subject: '8:7',
        identifier: 'a@b.c',
        displayName: 'h.com',
        email: 'a@b.c',
      },
    ],
    [
      'salesforce',
      { user_id: 'u', organization_id: 'o', email: 'a@b.c', name: 'A' },
      {
        issuer: 'https://login.salesforce.com',
        subject: 'o:u',
        identifier: 'a@b.c',
        displayName: 'A',
        email: 'a@b.c',
      },
    ],
    [
      'atlassian',
      { account_id: 'x', email: 'a@b.c', name: 'A' },
      {
        issuer: 'https://auth.atlassian.com',
        subject: 'x',
        identifier: 'a@b.c',
        displayName: 'A',
        email: 'a@b.c',
      },
    ],
    [
      'linear',
      { data: { viewer: { id: 'v', email: 'a@b.c', name: 'A' } } },
      { issuer: 'https://linear.app', subject: 'v', identifier: 'a@b.c', displayName: 'A', email: 'a@b.c' },
    ],
    [
      'dropbox',
      { account_id: 'dbid:1', email: 'a@b.c', name: { display_name: 'A' } },
      {
        issuer: 'https://www.dropbox.com',
        subject: 'dbid:1',
        identifier: 'a@b.c',
        displayName: 'A',
        email: 'a@b.c',
      },
    ],
    [
      'zoom',
      { id: 'z', email: 'a@b.c', first_name: 'A' },
      { issuer: 'https://zoom.us', subject: 'z', identifier: 'a@b.c', displayName: 'A', email: 'a@b.c' },
    ],
    [
      'spotify',
      { id: 's', display_name: 'A' },
      { issuer: 'https://accounts.spotify.com', subject: 's', identifier: 's', displayName: 'A' },
    ],
  ])('%s', (id, userinfo, expected) => {
    expect(parseAccount({ definition: define(id), userinfo })).toEqual(expected);
  });

  it('Notion: from the token response, per workspace', () => {
    const tokenResponse = {
      workspace_id: 'w',
      workspace_name: 'W',
      owner: { type: 'user', user: { id: 'u', name: 'A', person: { email: 'a@b.c' } } },
    };
    expect(parseAccount({ definition: define('notion'), tokenResponse })).toEqual({
      issuer: 'https://api.notion.com',
      subject: 'w:u',
      identifier: 'a@b.c',
      displayName: 'W',
      email: 'a@b.c',
    });
  });

  it('the same id as number and as text is one subject', () => {
    const subjectOf = (id: unknown) =>
      parseAccount({ definition: define('github'), userinfo: { id, login: 'x' } })?.subject;
    expect(subjectOf(42)).toBe(subjectOf('42'));
  });

  it.each([
    [undefined],
    [null],
    [{}],
    [{ sub: '' }],
    [{ sub: null }],
    [{ sub: {} }],
    [{ sub: 1.5 }],
    [[]],
    ['text'],
    [Object.create({ sub: 'inherited' })],
  ])('no account without an id: %j', (userinfo) => {
    expect(parseAccount({ definition: define('google'), userinfo })).toBeUndefined();
  });
});

describe('choice after connecting (Atlassian sites)', () => {
  const definition = define('atlassian');
  it('asks and reads', () => {
    expect(buildLookupRequest({ definition, accessToken: 'a' })).toMatchObject({
      url: 'https://api.atlassian.com/oauth/token/accessible-resources',
      headers: { Authorization: 'Bearer a' },
    });
    const bodyText = JSON.stringify([
      { id: 'c1', name: 'One', url: 'https://one.atlassian.net' },
      { id: 'c2' },
      { name: 'no id' },
    ]);
    expect(parseLookupResponse({ definition, status: 200, headers: {}, bodyText, nowMs: 0 })).toEqual({
      ok: true,
      metadata: 'cloud_id',
      choices: [
        { id: 'c1', label: 'One', url: 'https://one.atlassian.net' },
        { id: 'c2', label: 'c2' },
      ],
    });
  });

  it('no other provider asks; an answer that is no list is a failure', () => {
    expect(buildLookupRequest({ definition: define('google'), accessToken: 'a' })).toBeUndefined();
    expect(
      parseLookupResponse({ definition, status: 200, headers: {}, bodyText: '{}', nowMs: 0 }),
    ).toMatchObject({ ok: false, error: 'unexpected_response' });
    expect(
      parseLookupResponse({ definition, status: 502, headers: {}, bodyText: '<html>', nowMs: 0 }),
    ).toMatchObject({ ok: false, kind: 'transient' });
  });
});
