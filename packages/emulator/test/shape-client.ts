import { createHash, randomBytes } from 'node:crypto';
import { driveAuthorization } from '../src/driver/page-browser.js';
import type { EmulatedOverrides, ShapedProviderId } from '../src/index.js';

export const CALLBACK = 'http://127.0.0.1:9/cb';

/** How the real provider wants to be spoken to: written down apart from the shapes, from the providers' documents. */
export type Dialect = {
  scopes: string;
  params?: Record<string, string>;
  auth: 'basic' | 'post';
  format?: 'json';
  hasPkce?: boolean;
  headers?: Record<string, string>;
};

export const DIALECTS: Record<ShapedProviderId, Dialect> = {
  google: {
    scopes: 'openid email profile',
    params: { access_type: 'offline', prompt: 'consent' },
    auth: 'post',
  },
  microsoft: { scopes: 'openid offline_access User.Read', auth: 'post' },
  slack: { scopes: 'users:read,team:read', params: { user_scope: 'search:read' }, auth: 'post' },
  github: { scopes: 'read:user user:email', auth: 'post', headers: { 'user-agent': 'test' } },
  notion: {
    scopes: '',
    params: { owner: 'user' },
    auth: 'basic',
    format: 'json',
    hasPkce: false,
    headers: { 'notion-version': '2022-06-28' },
  },
  hubspot: { scopes: 'oauth crm.objects.contacts.read', auth: 'post', hasPkce: false },
  salesforce: { scopes: 'id api refresh_token', auth: 'post' },
  atlassian: {
    scopes: 'read:me offline_access',
    params: { audience: 'api.atlassian.com', prompt: 'consent' },
    auth: 'post',
  },
  linear: { scopes: 'read,write', params: { prompt: 'consent' }, auth: 'post' },
  dropbox: { scopes: 'account_info.read', params: { token_access_type: 'offline' }, auth: 'post' },
  zoom: { scopes: '', auth: 'basic' },
  spotify: { scopes: 'user-read-email', auth: 'basic' },
};

type Client = { clientId: string; clientSecret: string };

export function makeClient(id: ShapedProviderId): Client {
  return { clientId: `${id}-client`, clientSecret: `${id}-secret` };
}

/** Endpoint addresses may hold `{tenant}` and `{client_id}`. */
export function fill(template: string | undefined, values: Record<string, string>): string {
  const filled = { tenant: 'common', ...values };
  return Object.entries(filled).reduce(
    (url, [name, value]) => url.replace(`{${name}}`, value),
    template ?? '',
  );
}

export function postToken(
  to: EmulatedOverrides,
  dialect: Dialect,
  client: Client,
  params: Record<string, string>,
): Promise<Response> {
  const members =
    dialect.auth === 'post'
      ? { ...params, client_id: client.clientId, client_secret: client.clientSecret }
      : params;
  const basic = `Basic ${Buffer.from(`${client.clientId}:${client.clientSecret}`).toString('base64')}`;
  return fetch(fill(to.token_endpoint, {}), {
    method: 'POST',
    headers: {
      accept: 'application/json',
      ...(dialect.auth === 'basic' ? { authorization: basic } : {}),
      ...(dialect.format === 'json' ? { 'content-type': 'application/json' } : {}),
    },
    body: dialect.format === 'json' ? JSON.stringify(members) : new URLSearchParams(members),
  });
}

/** Authorizes as a user; gives the address called back and the PKCE verifier. */
export async function getCallback(
  id: ShapedProviderId,
  to: EmulatedOverrides,
  options: { user?: string; params?: Record<string, string>; client?: Client } = {},
) {
  const dialect = DIALECTS[id];
  const client = options.client ?? makeClient(id);
  const verifier = randomBytes(32).toString('base64url');
  const url = new URL(fill(to.authorization_endpoint, {}));
  const params = {
    client_id: client.clientId,
    redirect_uri: CALLBACK,
    response_type: 'code',
    state: 'state-1',
    ...(dialect.scopes === '' ? {} : { scope: dialect.scopes }),
    ...(dialect.hasPkce === false
      ? {}
      : {
          code_challenge: createHash('sha256').update(verifier).digest('base64url'),
          code_challenge_method: 'S256',
        }),
    ...dialect.params,
    ...options.params,
  };
  for (const [name, value] of Object.entries(params)) url.searchParams.set(name, value);
  return {
    callback: await driveAuthorization(url, {
      ...(options.user ? { user: options.user } : {}),
      stopAt: 'http://127.0.0.1:9/',
    }),
    verifier,
  };
}

/** The whole connection: authorization, code exchange, parsed answer. */
export async function connectShape(
  id: ShapedProviderId,
  to: EmulatedOverrides,
  options: { user?: string; params?: Record<string, string>; client?: Client } = {},
): Promise<Record<string, unknown>> {
  const dialect = DIALECTS[id];
  const { callback, verifier } = await getCallback(id, to, options);
  if (callback.searchParams.get('state') !== 'state-1') throw new Error('state was not returned');
  const response = await postToken(to, dialect, options.client ?? makeClient(id), {
    grant_type: 'authorization_code',
    code: callback.searchParams.get('code') ?? '',
    redirect_uri: CALLBACK,
    ...(dialect.hasPkce === false ? {} : { code_verifier: verifier }),
  });
  return (await response.json()) as Record<string, unknown>;
}
