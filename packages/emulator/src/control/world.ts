import { createTokenLog, type TokenLog } from '../journal/token-log.js';
import { createMisbehaviourBook, type MisbehaviourBook } from './misbehaviour.js';

/** Values of the `Cross-Origin-Opener-Policy` header that the servers' pages may carry. */
export type OpenerPolicy = 'same-origin' | 'same-origin-allow-popups' | 'unsafe-none';

/** `strict`: reuse of a refresh token revokes its family; `window`: a replay soon after gives a new pair; `none`: not rotating. */
export type RefreshMode = 'strict' | 'window' | 'none';

/** What can be changed while the servers run. */
export type Settings = {
  /** Undefined: the header is not sent. */
  coop: OpenerPolicy | undefined;
  /** Undefined: 3600 at the OpenID server, each provider's own at the shaped ones. */
  accessTokenTtlSeconds: number | undefined;
  refreshMode: RefreshMode;
  /** Overrides what each shaped provider does with a spent refresh token; undefined: the provider's own way. */
  shapeRefreshMode: RefreshMode | undefined;
  /** How long a spent refresh token is taken again in the mode `window`. */
  refreshWindowSeconds: number;
  /** Every token answer comes this much later. */
  tokenDelayMs: number;
  /** `after` (default): the token is spent at once, the answer is late; `before`: nothing is spent until then. */
  tokenDelayWhen: 'before' | 'after';
};

/** Which tokens an order concerns; without fields: all. */
export type TokenFilter = { realm?: string; clientId?: string; subject?: string; family?: string };

/** A registered client as one can change it while the server runs. */
export type ClientRegistration = {
  clientId: string;
  /** May be absent for a public client (`none`). */
  clientSecret?: string;
  /** A second secret that is accepted as well, as during a change of secrets. */
  previousClientSecret?: string;
  redirectUris: string[] | 'any-loopback';
  authMethod?: 'client_secret_basic' | 'client_secret_post' | 'none';
  name?: string;
};

/** A server inside the process whose tokens and clients can be controlled. */
export type Realm = {
  ids: readonly string[];
  /** Each returns how many it concerned. */
  expireAccessTokens(filter: TokenFilter): number;
  revokeGrants(filter: TokenFilter): number;
  upsertClient(realm: string, client: ClientRegistration): void;
  /** False when there is no such client. */
  rotateClientSecret(realm: string, clientId: string, clientSecret: string): boolean;
};

/** What the parts of one process have in common. */
export type World = {
  now: () => number;
  log: TokenLog;
  misbehaviours: MisbehaviourBook;
  settings: Settings;
  realms: Realm[];
};

/** Makes the common state of one process. */
export function createWorld(now: () => number, settings: Partial<Settings>): World {
  return {
    now,
    log: createTokenLog(now),
    misbehaviours: createMisbehaviourBook(),
    settings: {
      coop: undefined,
      accessTokenTtlSeconds: undefined,
      refreshMode: 'strict',
      shapeRefreshMode: undefined,
      refreshWindowSeconds: 60,
      tokenDelayMs: 0,
      tokenDelayWhen: 'after',
      ...settings,
    },
    realms: [],
  };
}
