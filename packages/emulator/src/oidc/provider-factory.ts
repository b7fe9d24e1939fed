import { randomBytes } from 'node:crypto';
import Provider, { type Configuration, interactionPolicy } from 'oidc-provider';
import type { World } from '../control/world.js';
import { isRedirectAllowed } from '../http/redirect-uri.js';
import { isSameText } from '../http/same-text.js';
import { renderProblemPage } from '../http/sign-in-pages.js';
import { type EmulatedUser, findUser, makeClaims } from '../users.js';
import type { OidcServerOptions } from './options.js';
import type { SigningKeys } from './signing-keys.js';
import type { OidcStorage } from './storage.js';

/** Everything the protocol library needs; it is made anew from this when the signing keys change. */
export type ProviderParts = {
  issuer: string;
  world: World;
  storage: OidcStorage;
  keys: SigningKeys;
  users: readonly EmulatedUser[];
  options: OidcServerOptions;
};

/** The realm of an OpenID server in log and control API. */
export const OIDC_REALM = 'oidc';

/** Paths of the OpenID server, as in the example of configuration.md. */
export const OIDC_PATHS = {
  authorization: '/authorize',
  token: '/token',
  revocation: '/revoke',
  userinfo: '/me',
  jwks: '/jwks',
  discovery: '/.well-known/openid-configuration',
} as const;

/** Makes the oidc-provider object: PKCE, rotating refresh tokens, revocation, userinfo, JWKS, RFC 9207. */
export function createProvider(parts: ProviderParts): Provider {
  const provider = new Provider(parts.issuer, makeConfiguration(parts));
  const { clients } = parts.storage;
  provider.Client.prototype.redirectUriAllowed = function isAllowed(this: { clientId: string }, uri: string) {
    return isRedirectAllowed(clients.get(this.clientId)?.redirectUris ?? [], uri);
  };
  provider.Client.prototype.compareClientSecret = function isSecretRight(
    this: { clientId: string },
    given: string,
  ) {
    const client = clients.get(this.clientId);
    return [client?.clientSecret, client?.previousClientSecret].some(
      (secret) => secret !== undefined && isSameText(secret, given),
    );
  };
  return provider;
}

const COOKIE_SECRET = randomBytes(32).toString('hex');
const DAY_SECONDS = 24 * 3600;

function makeConfiguration({ world, storage, keys, users, options }: ProviderParts): Configuration {
  const { settings } = world;
  const prefix = options.cookiePrefix ?? 'emulator';
  const displayName = options.displayName ?? 'Acme';
  return {
    adapter: storage.makeAdapter,
    jwks: { keys: keys.list() as NonNullable<Configuration['jwks']>['keys'] },
    cookies: {
      keys: [COOKIE_SECRET],
      names: {
        session: `${prefix}_session`,
        interaction: `${prefix}_interaction`,
        resume: `${prefix}_resume`,
      },
    },
    routes: {
      authorization: OIDC_PATHS.authorization,
      token: OIDC_PATHS.token,
      revocation: OIDC_PATHS.revocation,
      userinfo: OIDC_PATHS.userinfo,
      jwks: OIDC_PATHS.jwks,
    },
    pkce: { required: () => options.isPkceRequired ?? true },
    scopes: ['openid', 'offline_access', 'messages.read', 'messages.write', ...(options.extraScopes ?? [])],
    claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name', 'groups'] },
    // The identity provider's id tokens carry the claims themselves: applications read them without userinfo.
    conformIdTokenClaims: false,
    findAccount: (_ctx, id) => {
      const user = findUser(users, id);
      if (!user) return undefined;
      return { accountId: id, claims: () => makeClaims(user) };
    },
    features: {
      devInteractions: { enabled: false },
      rpInitiatedLogout: { enabled: false },
      revocation: {
        enabled: true,
        allowedPolicy: (_ctx, client, token) => token.clientId === client.clientId,
      },
      resourceIndicators: makeResourceIndicators(options.jwtAudience),
    },
    // RFC 7009 lets the server end the whole grant with any of its tokens; this one does.
    revokeGrantPolicy: () => true,
    extraTokenClaims: (_ctx, token) => {
      const user = 'accountId' in token ? findUser(users, token.accountId) : undefined;
      return user ? { ...makeClaims(user), sub: undefined } : undefined;
    },
    interactions: {
      policy: makePolicy(),
      url: (_ctx, interaction) => `/interaction/${interaction.uid}`,
    },
    loadExistingGrant: async (ctx) => {
      const grantId = ctx.oidc.result?.consent?.grantId;
      return grantId ? ctx.oidc.provider.Grant.find(grantId) : undefined;
    },
    rotateRefreshToken: () => settings.refreshMode !== 'none',
    issueRefreshToken: async (_ctx, client, code) =>
      client.grantTypeAllowed('refresh_token') && code.scopes.has('offline_access'),
    renderError: async (ctx, out) => {
      const advice = 'Go back to the application and start again; its developer needs the words above.';
      const problem = [out.error, out.error_description].filter(Boolean).join(': ');
      const page = renderProblemPage(displayName, problem, advice, settings.coop, ctx.status);
      for (const [name, value] of page.headers) ctx.set(name, value);
      ctx.body = await page.text();
    },
    ttl: {
      AccessToken: () => settings.accessTokenTtlSeconds ?? 3600,
      AuthorizationCode: 60,
      RefreshToken: 30 * DAY_SECONDS,
      IdToken: () => settings.accessTokenTtlSeconds ?? 3600,
      Interaction: 1800,
      Session: DAY_SECONDS,
      Grant: 30 * DAY_SECONDS,
    },
    clientBasedCORS: () => false,
  };
}

function makeResourceIndicators(audience: string | undefined) {
  if (audience === undefined) return { enabled: false };
  return {
    enabled: true,
    // A resource indicator is a URI (RFC 8707); the audience in the token is the plain name.
    defaultResource: () => `urn:emulator:audience:${encodeURIComponent(audience)}`,
    useGrantedResource: () => true,
    getResourceServerInfo: () => ({ scope: '', audience, accessTokenFormat: 'jwt' as const }),
  };
}

function makePolicy() {
  const policy = interactionPolicy.base();
  const { Check } = interactionPolicy;
  // Whoever comes chooses the account and consents anew: tests need the same two pages every time.
  policy
    .get('login')
    ?.checks.add(
      new Check('account_choice', 'the account is chosen each time', 'login_required', (ctx) =>
        ctx.oidc.result?.login ? Check.NO_NEED_TO_PROMPT : Check.REQUEST_PROMPT,
      ),
    );
  policy
    .get('consent')
    ?.checks.add(
      new Check('consent_choice', 'consent is asked each time', 'consent_required', (ctx) =>
        ctx.oidc.result?.consent ? Check.NO_NEED_TO_PROMPT : Check.REQUEST_PROMPT,
      ),
    );
  return policy;
}
