import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { hashToken, type ShapedProviders, startShapedProviders } from '../src/index.js';
import { connectShape, DIALECTS, makeClient, postToken } from './shape-client.js';

let shapes: ShapedProviders;
let refreshToken: string;

beforeEach(async () => {
  shapes = await startShapedProviders();
  refreshToken = String((await connectShape('linear', shapes.overrides('linear'))).refresh_token);
});
afterEach(() => shapes.close());

function refresh(token = refreshToken, init: RequestInit = {}): Promise<Response> {
  const to = shapes.overrides('linear');
  if (!init.signal) {
    return postToken(to, DIALECTS.linear, makeClient('linear'), {
      grant_type: 'refresh_token',
      refresh_token: token,
    });
  }
  const { clientId, clientSecret } = makeClient('linear');
  const members = {
    grant_type: 'refresh_token',
    refresh_token: token,
    client_id: clientId,
    client_secret: clientSecret,
  };
  return fetch(to.token_endpoint, { method: 'POST', body: new URLSearchParams(members), ...init });
}

const linear = { realm: 'linear', times: 1 } as const;

describe('misbehaviour', () => {
  it.each([
    ['error_in_200', { error: 'invalid_grant' }, 200, '"error":"invalid_grant"'],
    ['error', { error: 'invalid_client' }, 401, '"error":"invalid_client"'],
    ['html', {}, 502, '<!doctype html>'],
    ['server_error', { status: 500 }, 500, 'server_error'],
    ['rate_limit', { retryAfterSeconds: 7 }, 429, 'rate_limited'],
  ] as const)(
    'R8: %s answers instead of the server, and the refresh token stays unspent',
    async (kind, more, status, text) => {
      shapes.misbehave({ ...linear, kind, ...more });
      const response = await refresh();
      expect(response.status).toBe(status);
      expect(await response.text()).toContain(text);
      if (kind === 'rate_limit') expect(response.headers.get('retry-after')).toBe('7');
      expect((await refresh()).status).toBe(200);
      expect(shapes.summarizeLog().refreshReplayed).toEqual([]);
      expect(shapes.summarizeLog().refreshPresentedTwice).toHaveLength(1);
    },
  );

  it('R9: spoiled answers lack, rename or recode what they say', async () => {
    let token = refreshToken;
    const spoil = async (kind: Parameters<ShapedProviders['misbehave']>[0]['kind']) => {
      shapes.misbehave({ ...linear, kind });
      const response = await refresh(token);
      const text = await response.text();
      const parsed =
        kind === 'broken_json'
          ? {}
          : response.headers.get('content-type')?.includes('json')
            ? (JSON.parse(text) as Record<string, unknown>)
            : Object.fromEntries(new URLSearchParams(text));
      const renewed = (await connectShape('linear', shapes.overrides('linear'))).refresh_token;
      token = String(renewed);
      return { text, parsed };
    };
    expect((await spoil('no_expires_in')).parsed).not.toHaveProperty('expires_in');
    expect((await spoil('expires_in_text')).parsed.expires_in).toBe('86399');
    expect((await spoil('no_refresh_token')).parsed).not.toHaveProperty('refresh_token');
    expect((await spoil('refresh_expires_in')).parsed).toHaveProperty('refresh_token_expires_in', 604_800);
    expect((await spoil('no_access_token')).parsed).not.toHaveProperty('access_token');
    expect((await spoil('nested_tokens')).parsed).toHaveProperty('data.access_token');
    expect((await spoil('form_encoded')).parsed).toHaveProperty('access_token');
    expect(() => JSON.parse('')).toThrow();
    const broken = await spoil('broken_json');
    expect(() => JSON.parse(broken.text) as unknown).toThrow();
  });

  it('R4: a connection cut before processing leaves the token unspent, one cut after it does not', async () => {
    shapes.misbehave({ ...linear, kind: 'cut' });
    await expect(refresh()).rejects.toThrow();
    expect(shapes.summarizeLog().refreshAccepted).toBe(0);
    shapes.misbehave({ ...linear, kind: 'cut', when: 'after' });
    await expect(refresh()).rejects.toThrow();
    expect((await refresh()).status).toBe(400);
    const { refreshReplayed, connectionsCut } = shapes.summarizeLog();
    expect(connectionsCut).toBe(2);
    expect(refreshReplayed).toEqual([
      expect.objectContaining({
        sha256: hashToken(refreshToken),
        presented: 3,
        accepted: 1,
        presentedAfterSpent: 1,
      }),
    ]);
  });

  it('R4: a slow provider either spends at once and answers late, or drops a caller that has gone', async () => {
    shapes.misbehave({ ...linear, kind: 'delay', delayMs: 300, isDroppedOnDisconnect: true });
    await expect(refresh(refreshToken, { signal: AbortSignal.timeout(50) })).rejects.toThrow();
    await expect.poll(() => shapes.summarizeLog().requestsAbandoned).toBe(1);
    expect(shapes.summarizeLog().refreshAccepted).toBe(0);
    shapes.misbehave({ ...linear, kind: 'delay', delayMs: 300, when: 'after' });
    await expect(refresh(refreshToken, { signal: AbortSignal.timeout(50) })).rejects.toThrow();
    await expect.poll(() => shapes.summarizeLog().refreshAccepted).toBe(1);
  });

  it('concerns only the client, the endpoint and the number of requests it names', async () => {
    shapes.misbehave({ kind: 'server_error', clientId: 'zoom-client' });
    shapes.misbehave({ kind: 'insufficient_scope', endpoint: 'api', scope: 'admin', times: 1 });
    const tokens = (await (await refresh()).json()) as { access_token: string; refresh_token: string };
    const call = () =>
      fetch(`${shapes.overrides('linear').api_base_urls[0]}/messages`, {
        headers: { authorization: `Bearer ${tokens.access_token}` },
      });
    const challenged = await call();
    expect(challenged.status).toBe(403);
    expect(challenged.headers.get('www-authenticate')).toBe(
      'Bearer error="insufficient_scope", scope="admin"',
    );
    expect((await call()).status).toBe(200);
  });

  it('changed client secrets are refused, and two may be valid for a while', async () => {
    expect(shapes.rotateClientSecret('linear', 'linear-client', 'another')).toBe(true);
    expect((await refresh()).status).toBe(401);
    shapes.upsertClient('linear', {
      clientId: 'linear-client',
      clientSecret: 'another',
      previousClientSecret: 'linear-secret',
      redirectUris: 'any-loopback',
    });
    expect((await refresh()).status).toBe(200);
    expect(shapes.rotateClientSecret('linear', 'nobody', 'another')).toBe(false);
  });
});
