import * as oidc from 'openid-client';
import type { DemoConfig } from '../config.js';
import type { DemoUser, PendingSignIn } from './sessions.js';

/** The demo's side of OpenID Connect's code flow. */
export interface IdentityProvider {
  /** Where to send the browser, and what has to be remembered until it comes back. */
  begin(): Promise<{ location: string; pending: PendingSignIn }>;
  /** Exchanges the code of the callback; throws when the answer is not the one that was asked for. */
  complete(callbackUrl: URL, pending: PendingSignIn): Promise<DemoUser>;
}

/** Path that the identity provider sends the browser back to. */
export const signInCallbackPath = '/sign-in/callback';

/** Makes the client; the identity provider is asked for its metadata at the first sign-in. */
export function createIdentityProvider(config: DemoConfig, now: () => number): IdentityProvider {
  const redirectUri = config.url + signInCallbackPath;
  let discovered: Promise<oidc.Configuration> | undefined;

  function discover(): Promise<oidc.Configuration> {
    discovered ??= discoverIssuer(config.idp).catch((error: unknown) => {
      discovered = undefined;
      throw error;
    });
    return discovered;
  }

  return {
    async begin() {
      const codeVerifier = oidc.randomPKCECodeVerifier();
      const pending = { state: oidc.randomState(), nonce: oidc.randomNonce(), codeVerifier };
      const location = oidc.buildAuthorizationUrl(await discover(), {
        redirect_uri: redirectUri,
        scope: 'openid email profile',
        state: pending.state,
        nonce: pending.nonce,
        code_challenge: await oidc.calculatePKCECodeChallenge(codeVerifier),
        code_challenge_method: 'S256',
      });
      return { location: location.href, pending };
    },

    async complete(callbackUrl, pending) {
      const tokens = await oidc.authorizationCodeGrant(
        await discover(),
        new URL(redirectUri + callbackUrl.search),
        {
          expectedState: pending.state,
          expectedNonce: pending.nonce,
          pkceCodeVerifier: pending.codeVerifier,
          idTokenExpected: true,
        },
      );
      const claims = tokens.claims();
      if (!claims) throw new Error('the identity provider gave no id token');
      const email = typeof claims.email === 'string' ? claims.email : claims.sub;
      return {
        subject: claims.sub,
        email,
        name: typeof claims.name === 'string' ? claims.name : email,
        userToken: tokens.access_token,
        expiresAtMs: now() + (tokens.expiresIn() ?? 300) * 1000,
      };
    },
  };
}

function discoverIssuer(idp: DemoConfig['idp']): Promise<oidc.Configuration> {
  const issuer = new URL(idp.issuer);
  const isPlainHttp = issuer.protocol === 'http:';
  return oidc.discovery(issuer, idp.clientId, undefined, oidc.ClientSecretBasic(idp.clientSecret), {
    // The emulated identity provider runs on this machine without TLS.
    ...(isPlainHttp ? { execute: [oidc.allowInsecureRequests] } : {}),
  });
}
