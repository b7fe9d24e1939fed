import type { ClientRegistration, OpenerPolicy, RefreshMode } from '../control/world.js';
import type { ShapedProvidersOptions } from '../shapes/options.js';
import type { EmulatedUser } from '../users.js';

/** How an OpenID server of the emulator is set up. */
export type OidcServerOptions = {
  /** Default 0: any free port. */
  port?: number;
  /** Default 127.0.0.1. */
  host?: string;
  /** Default `http://HOST:PORT`; give it when browsers use another name, for example `http://localhost:4800`. */
  issuer?: string;
  clients: ClientRegistration[];
  /** Default 3600. */
  accessTokenTtlSeconds?: number;
  /** Begin of every cookie name, so that two servers on one host do not meet. Default `emulator`. */
  cookiePrefix?: string;
  /** `Cross-Origin-Opener-Policy` of the pages; default none. */
  coop?: OpenerPolicy;
  users?: readonly EmulatedUser[];
  /** Heading of the pages; default `Acme`. */
  displayName?: string;
  /** Default `strict`. */
  refreshMode?: RefreshMode;
  refreshWindowSeconds?: number;
  /** Every token answer comes this much later; see Settings.tokenDelayWhen. */
  tokenDelayMs?: number;
  /** Given: access tokens are JWTs (RFC 9068) for this audience, as an identity provider issues them. */
  jwtAudience?: string;
  /** Default true: a code request without S256 is refused. */
  isPkceRequired?: boolean;
  /** Scopes besides openid, email, profile, offline_access, messages.read and messages.write. */
  extraScopes?: string[];
  /** Default false. True: signing in is enough, as at a company's own identity provider. */
  isConsentSkipped?: boolean;
  /** Default true: `/__emulator/` answers to programs on this machine. */
  hasControlApi?: boolean;
  /** Given: the twelve shaped providers are served below `/p/` of the same server. */
  shapes?: ShapedProvidersOptions | true;
};
