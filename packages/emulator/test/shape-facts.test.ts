import { createRemoteJWKSet, jwtVerify } from 'jose';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type ShapedProviders, startShapedProviders } from '../src/index.js';
import { CALLBACK, connectShape, DIALECTS, getCallback, makeClient, postToken } from './shape-client.js';

let shapes: ShapedProviders;
let clock = Date.now();
beforeEach(async () => {
  clock = Date.now();
  shapes = await startShapedProviders({
    now: () => clock,
    clients: { github: [{ clientId: 'Iv1.app', clientSecret: 'app-secret', redirectUris: [CALLBACK] }] },
  });
});
afterEach(() => shapes.close());

const refreshParams = (token: unknown) => ({ grant_type: 'refresh_token', refresh_token: String(token) });

describe('what sets the providers apart', () => {
  it('google: a refresh token only with access_type=offline and a fresh consent; an id token that verifies', async () => {
    const to = shapes.overrides('google');
    const plain = { access_type: 'online', prompt: 'select_account' };
    expect(await connectShape('google', to, { params: plain })).not.toHaveProperty('refresh_token');
    const silent = { access_type: 'offline', prompt: 'select_account' };
    expect(await connectShape('google', to, { params: silent })).not.toHaveProperty('refresh_token');
    expect(await connectShape('google', to, { params: silent, user: 'bob' })).toHaveProperty('refresh_token');
    const tokens = await connectShape('google', to, { params: { nonce: 'n-1' } });
    expect(tokens.scope).toContain('https://www.googleapis.com/auth/userinfo.email');
    const { payload } = await jwtVerify(
      String(tokens.id_token),
      createRemoteJWKSet(new URL(to.jwks_uri ?? '')),
      { issuer: to.issuer ?? '', audience: 'google-client' },
    );
    expect(payload).toMatchObject({ sub: 'alice', nonce: 'n-1' });
  });

  it('slack: 200 with ok:false for every error, and two credentials that rotate apart', async () => {
    const to = shapes.overrides('slack');
    const tokens = await connectShape('slack', to);
    const user = tokens.authed_user as Record<string, string>;
    expect([tokens.scope, user.scope]).toEqual(['users:read,team:read', 'search:read']);
    const wrong = await postToken(to, DIALECTS.slack, makeClient('slack'), refreshParams('nonsense'));
    expect([wrong.status, await wrong.json()]).toEqual([200, { ok: false, error: 'invalid_refresh_token' }]);
    const renewed = await postToken(
      to,
      DIALECTS.slack,
      makeClient('slack'),
      refreshParams(user.refresh_token),
    );
    expect(await renewed.json()).toMatchObject({ ok: true, token_type: 'user', scope: 'search:read' });
    const bot = await postToken(to, DIALECTS.slack, makeClient('slack'), refreshParams(tokens.refresh_token));
    expect(await bot.json()).toMatchObject({ ok: true, token_type: 'bot' });
  });

  it('github: form-encoded by default, errors in 200, a user agent needed, GitHub apps expire', async () => {
    const to = shapes.overrides('github');
    const refused = await fetch(to.token_endpoint, {
      method: 'POST',
      body: new URLSearchParams({ client_id: 'github-client', client_secret: 'github-secret', code: 'none' }),
    });
    expect(refused.status).toBe(200);
    expect(new URLSearchParams(await refused.text()).get('error')).toBe('bad_verification_code');
    const app = await connectShape('github', to, {
      client: { clientId: 'Iv1.app', clientSecret: 'app-secret' },
    });
    expect(app).toMatchObject({ expires_in: 28_800, refresh_token: expect.stringMatching(/^ghr_/) });
    const call = await fetch(to.userinfo_endpoint, {
      headers: { authorization: `Bearer ${app.access_token}`, 'user-agent': '' },
    });
    expect(call.status).toBe(403);
  });

  it('notion: JSON only, and Notion-Version on every call', async () => {
    const to = shapes.overrides('notion');
    const tokens = await connectShape('notion', to);
    expect(tokens).toMatchObject({ owner: { user: { person: { email: 'alice@example.test' } } } });
    const { format: _json, ...asForm } = DIALECTS.notion;
    const refused = await postToken(to, asForm, makeClient('notion'), refreshParams(tokens.refresh_token));
    expect(refused.status).toBe(400);
    const call = await fetch(to.userinfo_endpoint, {
      headers: { authorization: `Bearer ${tokens.access_token}` },
    });
    expect(await call.json()).toMatchObject({ code: 'missing_version' });
  });

  it('atlassian: scope at a refresh is refused, reuse is forgiven for ten minutes and then ends the family', async () => {
    const to = shapes.overrides('atlassian');
    const send = (params: Record<string, string>) =>
      postToken(to, DIALECTS.atlassian, makeClient('atlassian'), params);
    const first = await connectShape('atlassian', to);
    expect((await send({ ...refreshParams(first.refresh_token), scope: 'read:me' })).status).toBe(400);
    expect((await send(refreshParams(first.refresh_token))).status).toBe(200);
    const second = (await (await send(refreshParams(first.refresh_token))).json()) as Record<string, string>;
    expect(second.refresh_token).toEqual(expect.any(String));
    clock += 601_000;
    const late = await send(refreshParams(first.refresh_token));
    expect([late.status, ((await late.json()) as { error: string }).error]).toEqual([
      403,
      'unauthorized_client',
    ]);
    expect((await send(refreshParams(second.refresh_token))).status).toBe(403);
    expect(shapes.summarizeLog().familiesRevoked).toHaveLength(1);
    const sites = await fetch(to.post_connect_lookup?.endpoint ?? '', {
      headers: { authorization: 'Bearer none' },
    });
    expect(sites.status).toBe(401);
  });

  it('salesforce: tokens die after two hours although nothing says so', async () => {
    const to = shapes.overrides('salesforce');
    const tokens = await connectShape('salesforce', to);
    expect(tokens).toMatchObject({ instance_url: `${shapes.url}/p/salesforce` });
    const call = () =>
      fetch(to.userinfo_endpoint, { headers: { authorization: `Bearer ${tokens.access_token}` } });
    expect((await call()).status).toBe(200);
    clock += 7_201_000;
    expect((await call()).status).toBe(401);
  });

  it('microsoft: the tenant stands in the path, no refresh token without offline_access', async () => {
    const to = shapes.overrides('microsoft');
    expect(to.token_endpoint).toContain('/p/microsoft/{tenant}/oauth2/');
    const tokens = await connectShape('microsoft', to, { params: { scope: 'openid User.Read' } });
    expect(tokens).not.toHaveProperty('refresh_token');
    expect(tokens.scope).toBe('User.Read');
  });

  it('a code is used once, and a second use takes back what it gave', async () => {
    const to = shapes.overrides('zoom');
    const { callback, verifier } = await getCallback('zoom', to);
    const params = {
      grant_type: 'authorization_code',
      code: callback.searchParams.get('code') ?? '',
      redirect_uri: CALLBACK,
      code_verifier: verifier,
    };
    const send = () => postToken(to, DIALECTS.zoom, makeClient('zoom'), params);
    const tokens = (await (await send()).json()) as Record<string, string>;
    expect((await send()).status).toBe(400);
    const call = await fetch(to.userinfo_endpoint, {
      headers: { authorization: `Bearer ${tokens.access_token}` },
    });
    expect(call.status).toBe(401);
  });
});
