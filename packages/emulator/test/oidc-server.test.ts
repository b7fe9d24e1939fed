import { createRemoteJWKSet, jwtVerify } from 'jose';
import * as oauth from 'oauth4webapi';
import { afterEach, describe, expect, it } from 'vitest';
import { createBrowser, driveAuthorization, press } from '../src/driver/page-browser.js';
import { hashToken, type OidcEmulator, type OidcServerOptions, startOidcServer } from '../src/index.js';

const CALLBACK = 'http://127.0.0.1:9/cb';
const SECRET = 'a-secret-for-tests';
const insecure = { [oauth.allowInsecureRequests]: true };
let running: OidcEmulator[] = [];

afterEach(async () => {
  await Promise.all(running.map((emulator) => emulator.close()));
  running = [];
});

async function start(options: Partial<OidcServerOptions> = {}) {
  const client = { clientId: 'app', clientSecret: SECRET, redirectUris: [CALLBACK] };
  const emulator = await startOidcServer({ clients: [client], ...options });
  running.push(emulator);
  const issuer = new URL(emulator.issuer);
  const as = await oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer, insecure));
  return { emulator, as, client: { client_id: 'app' }, auth: oauth.ClientSecretBasic(SECRET) };
}

type Started = Awaited<ReturnType<typeof start>>;

async function makeAuthorizationUrl({ as }: Started, more: Record<string, string> = {}) {
  const verifier = oauth.generateRandomCodeVerifier();
  const url = new URL(as.authorization_endpoint ?? '');
  const params = {
    client_id: 'app',
    redirect_uri: CALLBACK,
    response_type: 'code',
    scope: 'openid email profile offline_access messages.read',
    state: 'state-1',
    nonce: 'nonce-1',
    code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    ...more,
  };
  for (const [name, value] of Object.entries(params)) url.searchParams.set(name, value);
  return { url, verifier };
}

async function connect(started: Started, user = 'alice', without: string[] = []) {
  const { as, client, auth } = started;
  const { url, verifier } = await makeAuthorizationUrl(started);
  const callback = await driveAuthorization(url, { user, stopAt: 'http://127.0.0.1:9/', without });
  const params = oauth.validateAuthResponse(as, client, callback, 'state-1');
  return oauth.processAuthorizationCodeResponse(
    as,
    client,
    await oauth.authorizationCodeGrantRequest(as, client, auth, params, CALLBACK, verifier, insecure),
    { expectedNonce: 'nonce-1' },
  );
}

function refresh({ emulator }: Started, token: string) {
  return fetch(`${emulator.url}/token`, {
    method: 'POST',
    headers: { authorization: `Basic ${btoa(`app:${SECRET}`)}` },
    body: new URLSearchParams({ grant_type: 'refresh_token', refresh_token: token }),
  });
}

async function refreshTokens(started: Started, token: string) {
  const response = await refresh(started, token);
  return { status: response.status, body: (await response.json()) as Record<string, string> };
}

function callApi({ emulator }: Started, path: string, token: string, init: RequestInit = {}) {
  return fetch(`${emulator.url}/api${path}`, {
    ...init,
    headers: { authorization: `Bearer ${token}`, ...init.headers },
  });
}

describe('OpenID server', () => {
  it('connects with code, PKCE, iss and nonce, and says who the user is', async () => {
    const started = await start();
    const tokens = await connect(started, 'bob');
    const user = await oauth.processUserInfoResponse(
      started.as,
      started.client,
      'bob',
      await oauth.userInfoRequest(started.as, started.client, tokens.access_token, insecure),
    );
    expect(user).toMatchObject({ email: 'bob@example.test', name: 'Bob Example' });
    expect(started.as.authorization_response_iss_parameter_supported).toBe(true);
    expect(tokens.expires_in).toBe(3600);
    expect(oauth.getValidatedIdTokenClaims(tokens)).toMatchObject({ sub: 'bob', email: 'bob@example.test' });
  });

  it('R2: reuse of a spent refresh token is refused and ends the whole family', async () => {
    const started = await start();
    const first = await connect(started);
    const other = await connect(started, 'alice');
    const second = await refreshTokens(started, first.refresh_token ?? '');
    expect(second.body.refresh_token).not.toBe(first.refresh_token);
    expect((await refreshTokens(started, first.refresh_token ?? '')).body.error).toBe('invalid_grant');
    expect((await refreshTokens(started, second.body.refresh_token ?? '')).status).toBe(400);
    expect((await callApi(started, '/messages', second.body.access_token ?? '')).status).toBe(401);
    expect((await callApi(started, '/messages', other.access_token)).status).toBe(200);
    const summary = started.emulator.summarizeLog();
    expect(summary.refreshReplayed).toEqual([
      expect.objectContaining({
        sha256: hashToken(first.refresh_token ?? ''),
        generation: 1,
        presented: 2,
        accepted: 1,
      }),
    ]);
    expect(summary.familiesRevoked).toHaveLength(1);
  });

  it('R2: of many simultaneous uses of one refresh token exactly one is accepted', async () => {
    const started = await start();
    const tokens = await connect(started);
    const results = await Promise.all(
      Array.from({ length: 8 }, () => refresh(started, tokens.refresh_token ?? '')),
    );
    expect(results.filter((response) => response.status === 200)).toHaveLength(1);
    expect(started.emulator.summarizeLog().refreshPresentedTwice).toEqual([
      expect.objectContaining({ presented: 8, accepted: 1, refused: 7 }),
    ]);
  });

  it('R4: in window mode a replay soon after gives a new pair, and none once the successor was used', async () => {
    const started = await start({ refreshMode: 'window', refreshWindowSeconds: 30 });
    const first = (await connect(started)).refresh_token ?? '';
    await refreshTokens(started, first);
    const replay = await refreshTokens(started, first);
    expect(replay.status).toBe(200);
    expect((await refreshTokens(started, replay.body.refresh_token ?? '')).status).toBe(200);
    expect((await refreshTokens(started, first)).status).toBe(400);
  });

  it('R4: in the mode without rotation the same refresh token serves again and again', async () => {
    const started = await start({ refreshMode: 'none' });
    const first = (await connect(started)).refresh_token ?? '';
    for (let round = 0; round < 3; round += 1) {
      const { status, body } = await refreshTokens(started, first);
      expect([status, body.refresh_token]).toEqual([200, first]);
    }
  });

  it('revoking the refresh token ends the access token too (RFC 7009)', async () => {
    const started = await start();
    const tokens = await connect(started);
    const { as, client, auth } = started;
    await oauth.processRevocationResponse(
      await oauth.revocationRequest(as, client, auth, tokens.refresh_token ?? '', insecure),
    );
    const refused = await callApi(started, '/messages', tokens.access_token);
    expect(refused.status).toBe(401);
    expect(refused.headers.get('www-authenticate')).toContain('error="invalid_token"');
    expect((await refresh(started, tokens.refresh_token ?? '')).status).toBe(400);
  });

  it('takes only registered redirect URIs, unless any loopback address is allowed', async () => {
    const started = await start({
      clients: [
        { clientId: 'app', clientSecret: SECRET, redirectUris: [CALLBACK] },
        { clientId: 'free', clientSecret: SECRET, redirectUris: 'any-loopback' },
      ],
    });
    const ask = async (clientId: string, redirectUri: string) => {
      const { url } = await makeAuthorizationUrl(started, { client_id: clientId, redirect_uri: redirectUri });
      return (await createBrowser('http://none').open(url, { headers: { accept: 'text/html' } })).status;
    };
    expect(await ask('app', 'http://127.0.0.1:9/other')).toBe(400);
    expect(await ask('free', 'http://localhost:4999/any/path')).toBe(200);
    expect(await ask('free', 'http://evil.example/cb')).toBe(400);
  });

  it('refuses a request without PKCE and a wrong way of client authentication', async () => {
    const started = await start();
    const { url } = await makeAuthorizationUrl(started);
    url.searchParams.delete('code_challenge');
    url.searchParams.delete('code_challenge_method');
    const back = await createBrowser('http://127.0.0.1:9/').open(url);
    expect(back.url.searchParams.get('error')).toBe('invalid_request');
    const response = await fetch(`${started.emulator.url}/token`, {
      method: 'POST',
      body: new URLSearchParams({
        grant_type: 'refresh_token',
        refresh_token: 'x',
        client_id: 'app',
        client_secret: SECRET,
      }),
    });
    expect(response.status).toBe(401);
    expect(await response.json()).toMatchObject({ error: 'invalid_client' });
  });

  it('lets the user deny, untick a scope, or sign in as somebody else in the same browser', async () => {
    const started = await start();
    const browser = createBrowser('http://127.0.0.1:9/');
    const { url } = await makeAuthorizationUrl(started);
    const consent = await press(browser, await browser.open(url), 'user', 'alice');
    const denied = await press(browser, consent, 'decision', 'deny');
    expect(denied.url.searchParams.get('error')).toBe('access_denied');
    const again = await press(browser, await browser.open(url), 'user', 'bob');
    expect(again.html).toContain('bob@example.test');
    const allowed = await press(browser, again, 'decision', 'allow');
    expect(allowed.url.searchParams.get('code')).toBeTruthy();
    const tokens = await connect(started, 'alice', ['messages.read']);
    expect(tokens.scope).toBe('openid email profile offline_access');
    expect((await callApi(started, '/scoped/messages.read', tokens.access_token)).status).toBe(403);
  });

  it('pages carry a strict policy without scripts, and the opener policy asked for', async () => {
    const started = await start({ coop: 'same-origin', displayName: 'Acme & Co' });
    const page = await createBrowser('http://none').open((await makeAuthorizationUrl(started)).url);
    expect(page.headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(page.headers.get('cross-origin-opener-policy')).toBe('same-origin');
    expect(page.html).toContain('<h1>Acme &#38; Co</h1>');
    expect(page.html).not.toContain('<script');
  });

  it('as an identity provider issues JWTs for an audience, under other cookies and through rotated keys', async () => {
    const started = await start({ jwtAudience: 'demo-api', cookiePrefix: 'idp', isConsentSkipped: true });
    const { emulator, as, client, auth } = started;
    const { url, verifier } = await makeAuthorizationUrl(started);
    const browser = createBrowser('http://127.0.0.1:9/');
    const asked = await fetch(url, { redirect: 'manual' });
    expect(asked.headers.getSetCookie().join()).toMatch(/^idp_interaction/);
    const login = await browser.open(url);
    const params = oauth.validateAuthResponse(
      as,
      client,
      (await press(browser, login, 'user', 'alice')).url,
      'state-1',
    );
    const tokens = await oauth.processAuthorizationCodeResponse(
      as,
      client,
      await oauth.authorizationCodeGrantRequest(as, client, auth, params, CALLBACK, verifier, insecure),
      { expectedNonce: 'nonce-1' },
    );
    const jwks = () => createRemoteJWKSet(new URL(as.jwks_uri ?? ''));
    const rules = { issuer: emulator.issuer, audience: 'demo-api' };
    const { payload } = await jwtVerify(tokens.access_token, jwks(), rules);
    expect(payload).toMatchObject({ sub: 'alice', email: 'alice@example.test' });
    await emulator.rotateSigningKey();
    const minted = await emulator.issueUserToken({
      subject: 'carol',
      email: 'carol@example.test',
      audience: 'demo-api',
    });
    expect((await jwtVerify(minted, jwks(), rules)).payload.sub).toBe('carol');
    await jwtVerify(tokens.access_token, jwks(), rules);
    const forged = await emulator.issueUserToken({
      subject: 'carol',
      audience: 'demo-api',
      overrides: { key: 'unknown' },
    });
    await expect(jwtVerify(forged, jwks(), rules)).rejects.toMatchObject({
      code: 'ERR_JWS_SIGNATURE_VERIFICATION_FAILED',
    });
  });
});
