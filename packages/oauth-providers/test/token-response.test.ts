import { describe, expect, it } from 'vitest';
import { nowMs, secret, tokensOf } from './answer.js';

describe('answers as providers write them', () => {
  it('the standard form', () => {
    const body = {
      access_token: secret,
      refresh_token: 'r',
      id_token: 'i',
      expires_in: 3599,
      scope: 'openid email',
      token_type: 'Bearer',
      refresh_token_expires_in: 604_799,
    };
    expect(tokensOf('google', { body })).toEqual({
      accessToken: secret,
      refreshToken: 'r',
      idToken: 'i',
      expiresAtMs: nowMs + 3_599_000,
      refreshExpiresAtMs: nowMs + 604_799_000,
      scopes: ['openid', 'email'],
      tokenType: 'Bearer',
      metadata: {},
      document: body,
      raw: JSON.stringify(body),
    });
  });

  it('R9: no new refresh token', () => {
    expect(
      tokensOf('spotify', { body: { access_token: 'a', expires_in: 3600 } }).refreshToken,
    ).toBeUndefined();
    expect(
      tokensOf('google', { body: { access_token: 'a', refresh_token: '' } }).refreshToken,
    ).toBeUndefined();
    expect(
      tokensOf('google', { body: { access_token: 'a', refresh_token: null } }).refreshToken,
    ).toBeUndefined();
  });

  it("R9: no expires_in takes the catalogue's default, or stays unknown where there is none", () => {
    expect(tokensOf('salesforce', { body: { access_token: 'a' } }).expiresAtMs).toBe(nowMs + 7_200_000);
    expect(tokensOf('notion', { body: { access_token: 'a' } }).expiresAtMs).toBeUndefined();
    expect(
      tokensOf('github', { body: { access_token: 'a', scope: 'repo,user' } }).expiresAtMs,
    ).toBeUndefined();
  });

  it('GitHub: form-encoded, comma-separated scopes, and an app whose token expires', () => {
    const form = { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' };
    expect(
      tokensOf('github', { headers: form, body: 'access_token=gho_1&scope=repo%2Cgist&token_type=bearer' }),
    ).toMatchObject({
      accessToken: 'gho_1',
      scopes: ['repo', 'gist'],
      tokenType: 'bearer',
    });
    expect(
      tokensOf('github', {
        headers: {},
        body: 'access_token=ghu_1&expires_in=28800&refresh_token=ghr_1&refresh_token_expires_in=15897600&scope=&token_type=bearer',
      }),
    ).toMatchObject({
      expiresAtMs: nowMs + 28_800_000,
      refreshToken: 'ghr_1',
      refreshExpiresAtMs: nowMs + 15_897_600_000,
    });
  });

  it('Slack: bot and user token in one answer', () => {
    const body = {
      ok: true,
      access_token: 'xoxe.xoxb-1',
      token_type: 'bot',
      scope: 'commands,chat:write',
      refresh_token: 'xoxe-1',
      expires_in: 43_200,
      team: { name: 'T', id: 'T1' },
      enterprise: null,
      authed_user: {
        id: 'U1',
        scope: 'search:read',
        access_token: 'xoxe.xoxp-1',
        refresh_token: 'xoxe-2',
        expires_in: 43_100,
      },
    };
    expect(tokensOf('slack', { body })).toMatchObject({
      accessToken: 'xoxe.xoxb-1',
      refreshToken: 'xoxe-1',
      scopes: ['commands', 'chat:write', 'user_scope:search:read'],
      additional: {
        user: {
          accessToken: 'xoxe.xoxp-1',
          refreshToken: 'xoxe-2',
          expiresAtMs: nowMs + 43_100_000,
          scopes: ['search:read'],
        },
      },
      metadata: { team_id: 'T1', team_name: 'T', authed_user_id: 'U1' },
    });
  });

  it('Slack: only the user token', () => {
    const body = {
      ok: true,
      team: { id: 'T1' },
      authed_user: { id: 'U1', scope: 'search:read', access_token: 'xoxp-1' },
    };
    expect(tokensOf('slack', { body })).toMatchObject({
      accessToken: 'xoxp-1',
      scopes: ['user_scope:search:read'],
    });
  });

  it('facts to keep: Salesforce instance, Notion workspace, Zoom host, Dropbox account', () => {
    expect(
      tokensOf('salesforce', {
        body: {
          access_token: 'a',
          instance_url: 'https://x.my.salesforce.com',
          id: 'https://login.salesforce.com/id/1/2',
          issued_at: '1800000000000',
        },
      }).metadata,
    ).toEqual({
      instance_url: 'https://x.my.salesforce.com',
      id: 'https://login.salesforce.com/id/1/2',
    });
    expect(
      tokensOf('notion', {
        body: { access_token: 'a', workspace_id: 'w', bot_id: 'b', owner: { type: 'user' } },
      }).metadata,
    ).toEqual({ workspace_id: 'w', bot_id: 'b', owner_type: 'user' });
    expect(
      tokensOf('zoom', { body: { access_token: 'a', api_url: 'https://api-us.zoom.us' } }).metadata,
    ).toEqual({ api_url: 'https://api-us.zoom.us' });
    expect(
      tokensOf('dropbox', { body: { access_token: 'a', account_id: 'dbid:1', team_id: null } }).metadata,
    ).toEqual({ account_id: 'dbid:1' });
  });

  it.each([
    [{ expires_in: '3600' }, nowMs + 3_600_000],
    [{ expires_in: 3600.7 }, nowMs + 3_600_700],
    [{ expires_at: 1_800_003_600 }, nowMs + 3_600_000],
    [{ expires_at: '1800003600000' }, nowMs + 3_600_000],
    [{ expires_at: '2027-01-15T09:00:00Z' }, Date.parse('2027-01-15T09:00:00Z')],
    [{ expires_in: 'soon', expires_at: 1_800_003_600 }, nowMs + 3_600_000],
    [{ expires_in: 0 }, undefined],
    [{ expires_in: -5 }, undefined],
    [{ expires_in: null }, undefined],
    [{ expires_in: [] }, undefined],
    [{ expires_in: 'never' }, undefined],
  ])('lifetime %j', (fields, expected) => {
    expect(tokensOf('notion', { body: { access_token: 'a', ...fields } }).expiresAtMs).toBe(expected);
  });

  it('scopes as an array, and a byte-order mark', () => {
    expect(
      tokensOf('google', { body: `\uFEFF${JSON.stringify({ access_token: 'a', scope: ['x', 'y'] })}` })
        .scopes,
    ).toEqual(['x', 'y']);
  });

  it('a number too long for a double stays the number it was', () => {
    expect(
      tokensOf('dropbox', { body: '{"access_token":"a","account_id":123456789012345678901}' }).metadata,
    ).toEqual({ account_id: '123456789012345678901' });
  });
});
