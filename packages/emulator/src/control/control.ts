import { type LogSummary, summarizeLog } from '../journal/summary.js';
import type { LogEvent } from '../journal/token-log.js';
import type { Misbehaviour, MisbehaviourSpec } from './misbehaviour.js';
import type { ClientRegistration, Realm, Settings, TokenFilter, World } from './world.js';

/** What a test or the demo can do with running servers, in process; the HTTP form is control-api.ts. */
export type EmulatorControl = {
  log(): LogEvent[];
  clearLog(): void;
  summarizeLog(): LogSummary;
  /** Returns the id by which the order can be cleared. */
  misbehave(spec: MisbehaviourSpec): string;
  listMisbehaviours(): Misbehaviour[];
  clearMisbehaviours(id?: string): void;
  /** Each returns how many tokens or grants it concerned. */
  expireAccessTokens(filter?: TokenFilter): number;
  revokeGrants(filter?: TokenFilter): number;
  readSettings(): Settings;
  updateSettings(settings: Partial<Settings>): Settings;
  /** `realm` is `oidc` or a provider id. Throws RangeError for a realm that is not served here. */
  upsertClient(realm: string, client: ClientRegistration): void;
  /** False when there is no such client. The old secret is refused from now on. */
  rotateClientSecret(realm: string, clientId: string, clientSecret: string): boolean;
};

/** Makes the control of one process over its common state. */
export function createControl(world: World): EmulatorControl {
  function findRealm(id: string): Realm {
    const realm = world.realms.find((candidate) => candidate.ids.includes(id));
    if (!realm) throw new RangeError(`no realm ${JSON.stringify(id)} here`);
    return realm;
  }
  function sum(filter: TokenFilter, count: (realm: Realm) => number): number {
    const { realm } = filter;
    const concerned = realm === undefined ? world.realms : [findRealm(realm)];
    return concerned.reduce((total, each) => total + count(each), 0);
  }
  return {
    log: () => world.log.list(),
    clearLog: () => world.log.clear(),
    summarizeLog: () => summarizeLog(world.log.list()),
    misbehave: (spec) => world.misbehaviours.add(spec),
    listMisbehaviours: () => world.misbehaviours.list(),
    clearMisbehaviours: (id) => world.misbehaviours.clear(id),
    expireAccessTokens: (filter = {}) => sum(filter, (realm) => realm.expireAccessTokens(filter)),
    revokeGrants: (filter = {}) => sum(filter, (realm) => realm.revokeGrants(filter)),
    readSettings: () => ({ ...world.settings }),
    updateSettings(settings) {
      Object.assign(world.settings, settings);
      return { ...world.settings };
    },
    upsertClient: (realm, client) => findRealm(realm).upsertClient(realm, client),
    rotateClientSecret: (realm, clientId, clientSecret) =>
      findRealm(realm).rotateClientSecret(realm, clientId, clientSecret),
  };
}
