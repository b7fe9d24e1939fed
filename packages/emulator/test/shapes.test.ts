import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  SHAPED_PROVIDER_IDS,
  type ShapedProviderId,
  type ShapedProviders,
  startShapedProviders,
} from '../src/index.js';
import {
  CALLBACK,
  connectShape,
  DIALECTS,
  fill,
  getCallback,
  makeClient,
  postToken,
} from './shape-client.js';

let shapes: ShapedProviders;
beforeAll(async () => {
  shapes = await startShapedProviders();
});
afterAll(() => shapes.close());

type Facts = {
  /** Where the second refresh's refresh token comes from. */
  rotation: 'new' | 'absent' | 'same';
  reuse: 'accepted' | 'refused';
  expiresIn: number | undefined;
  identify(token: string): [url: string, init: RequestInit];
  /** JSON pointer to the account's name in the answer. */
  account: string[];
  revoke?(tokens: Record<string, unknown>): [url: string, init: RequestInit];
};

const bearer = (token: unknown, more: Record<string, string> = {}) => ({
  headers: { authorization: `Bearer ${token}`, ...more },
});
const get =
  (id: ShapedProviderId) =>
  (token: string): [string, RequestInit] => [
    shapes.overrides(id).userinfo_endpoint,
    bearer(token, DIALECTS[id].headers),
  ];
const basic = (id: ShapedProviderId) => `Basic ${btoa(`${id}-client:${id}-secret`)}`;
const form =
  (id: ShapedProviderId, member: 'access_token' | 'refresh_token', headers: Record<string, string> = {}) =>
  (tokens: Record<string, unknown>): [string, RequestInit] => [
    shapes.overrides(id).revocation_endpoint ?? '',
    { method: 'POST', headers, body: new URLSearchParams({ token: String(tokens[member]) }) },
  ];

const FACTS: Record<ShapedProviderId, Facts> = {
  google: {
    rotation: 'absent',
    reuse: 'accepted',
    expiresIn: 3599,
    identify: get('google'),
    account: ['email'],
    revoke: form('google', 'refresh_token'),
  },
  microsoft: {
    rotation: 'new',
    reuse: 'accepted',
    expiresIn: 3599,
    identify: get('microsoft'),
    account: ['userPrincipalName'],
  },
  slack: {
    rotation: 'new',
    reuse: 'refused',
    expiresIn: 43_200,
    identify: get('slack'),
    account: ['user'],
    revoke: (tokens) => [
      shapes.overrides('slack').revocation_endpoint ?? '',
      { method: 'POST', ...bearer(tokens.access_token) },
    ],
  },
  github: {
    rotation: 'absent',
    reuse: 'refused',
    expiresIn: undefined,
    identify: get('github'),
    account: ['login'],
    revoke: (tokens) => [
      fill(shapes.overrides('github').revocation_endpoint, { client_id: 'github-client' }),
      {
        method: 'DELETE',
        headers: { authorization: basic('github') },
        body: JSON.stringify({ access_token: tokens.access_token }),
      },
    ],
  },
  notion: {
    rotation: 'new',
    reuse: 'refused',
    expiresIn: undefined,
    identify: get('notion'),
    account: ['bot', 'owner', 'user', 'person', 'email'],
    revoke: (tokens) => [
      shapes.overrides('notion').revocation_endpoint ?? '',
      {
        method: 'POST',
        headers: { authorization: basic('notion'), 'content-type': 'application/json' },
        body: JSON.stringify({ token: tokens.access_token }),
      },
    ],
  },
  hubspot: {
    rotation: 'same',
    reuse: 'accepted',
    expiresIn: 1800,
    identify: (token) => [fill(shapes.overrides('hubspot').userinfo_endpoint, { access_token: token }), {}],
    account: ['user'],
    revoke: (tokens) => [
      fill(shapes.overrides('hubspot').revocation_endpoint, { refresh_token: String(tokens.refresh_token) }),
      { method: 'DELETE' },
    ],
  },
  salesforce: {
    rotation: 'absent',
    reuse: 'accepted',
    expiresIn: undefined,
    identify: get('salesforce'),
    account: ['email'],
    revoke: form('salesforce', 'refresh_token'),
  },
  atlassian: {
    rotation: 'new',
    reuse: 'refused',
    expiresIn: 3600,
    identify: get('atlassian'),
    account: ['email'],
  },
  linear: {
    rotation: 'new',
    reuse: 'refused',
    expiresIn: 86_399,
    identify: (token) => [
      shapes.overrides('linear').userinfo_endpoint,
      {
        method: 'POST',
        ...bearer(token, { 'content-type': 'application/json' }),
        body: '{"query":"{ viewer { id email name organization { id urlKey } } }"}',
      },
    ],
    account: ['data', 'viewer', 'email'],
    revoke: form('linear', 'refresh_token'),
  },
  dropbox: {
    rotation: 'absent',
    reuse: 'accepted',
    expiresIn: 14_400,
    identify: (token) => [
      shapes.overrides('dropbox').userinfo_endpoint,
      { method: 'POST', ...bearer(token, { 'content-type': 'application/json' }), body: 'null' },
    ],
    account: ['email'],
    revoke: (tokens) => [
      shapes.overrides('dropbox').revocation_endpoint ?? '',
      { method: 'POST', ...bearer(tokens.access_token) },
    ],
  },
  zoom: {
    rotation: 'new',
    reuse: 'refused',
    expiresIn: 3599,
    identify: get('zoom'),
    account: ['email'],
    revoke: form('zoom', 'access_token', { authorization: basic('zoom') }),
  },
  spotify: {
    rotation: 'new',
    reuse: 'refused',
    expiresIn: 3600,
    identify: get('spotify'),
    account: ['email'],
  },
};

async function callApi(id: ShapedProviderId, token: unknown) {
  const url = `${shapes.overrides(id).api_base_urls[0]}/echo`;
  const response = await fetch(url, bearer(token, DIALECTS[id].headers));
  const body = (await response.json()) as { ok?: boolean; account?: string };
  return response.status === 200 && body.ok !== false ? body.account : response.status;
}

function refresh(id: ShapedProviderId, token: unknown, more: Record<string, string> = {}) {
  const params = { grant_type: 'refresh_token', refresh_token: String(token), ...more };
  return postToken(shapes.overrides(id), DIALECTS[id], makeClient(id), params);
}

describe.each(SHAPED_PROVIDER_IDS)('%s', (id) => {
  const facts = FACTS[id];

  it('connects, says who the account is, and is called', async () => {
    const tokens = await connectShape(id, shapes.overrides(id), { user: 'bob' });
    expect(tokens.access_token).toEqual(expect.any(String));
    expect(tokens.expires_in).toBe(facts.expiresIn);
    const [url, init] = facts.identify(String(tokens.access_token));
    const account: unknown = await (await fetch(url, init)).json();
    const name = facts.account.reduce((value, key) => (value as Record<string, unknown>)[key], account);
    expect(name).toMatch(/^bob(@example\.test)?$/);
    expect(await callApi(id, tokens.access_token)).toBe('bob');
  });

  it.skipIf(id === 'github')('refreshes, and treats a spent refresh token as the real one does', async () => {
    shapes.updateSettings({ shapeRefreshMode: id === 'atlassian' ? 'strict' : undefined });
    const first = await connectShape(id, shapes.overrides(id));
    const second = (await (await refresh(id, first.refresh_token)).json()) as Record<string, unknown>;
    expect(second.access_token).not.toBe(first.access_token);
    if (facts.rotation === 'absent') expect(second.refresh_token).toBeUndefined();
    else if (facts.rotation === 'same') expect(second.refresh_token).toBe(first.refresh_token);
    else expect(second.refresh_token).not.toBe(first.refresh_token);
    const again = (await (await refresh(id, first.refresh_token)).json()) as Record<string, unknown>;
    expect(again.access_token !== undefined).toBe(facts.reuse === 'accepted');
    expect(await callApi(id, second.access_token)).toBe(id === 'atlassian' ? 401 : 'alice');
  });

  it.skipIf(facts.revoke === undefined)('is revoked in its own way, and its token is dead then', async () => {
    const tokens = await connectShape(id, shapes.overrides(id));
    const [url, init] = facts.revoke?.(tokens) ?? ['', {}];
    expect((await fetch(url, init)).ok).toBe(true);
    expect(await callApi(id, tokens.access_token)).toBe(id === 'slack' ? 200 : 401);
    if (tokens.refresh_token === undefined) return;
    const after = (await (await refresh(id, tokens.refresh_token)).json()) as Record<string, unknown>;
    expect(after.access_token).toBeUndefined();
  });

  it('refuses the other way of client authentication, a wrong secret and a wrong verifier', async () => {
    const dialect = DIALECTS[id];
    const to = shapes.overrides(id);
    const attempts = [
      [{ ...dialect, auth: dialect.auth === 'post' ? 'basic' : 'post' } as const, makeClient(id)],
      [dialect, { ...makeClient(id), clientSecret: 'wrong' }],
    ] as const;
    const { callback, verifier } = await getCallback(id, to);
    const params = {
      grant_type: 'authorization_code',
      code: callback.searchParams.get('code') ?? '',
      redirect_uri: CALLBACK,
    };
    for (const [way, client] of attempts) {
      const body = (await (
        await postToken(to, way, client, { ...params, code_verifier: verifier })
      ).json()) as object;
      expect(body).not.toHaveProperty('access_token');
    }
    if (dialect.hasPkce === false) return;
    const wrong = await postToken(to, dialect, makeClient(id), { ...params, code_verifier: 'x'.repeat(43) });
    expect(await wrong.json()).not.toHaveProperty('access_token');
  });
});
