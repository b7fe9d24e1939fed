import { createControl, type EmulatorControl } from '../control/control.js';
import { createControlPart, type IssuerControl } from '../control/control-api.js';
import { createWorld, type Realm, type World } from '../control/world.js';
import { listen } from '../http/server.js';
import { createMessageBox } from '../resource/messages.js';

import { createShapes } from '../shapes/start-shaped-providers.js';
import { DEFAULT_USERS } from '../users.js';
import { createOidcPart } from './oidc-part.js';
import type { OidcServerOptions } from './options.js';
import { createProvider, OIDC_REALM } from './provider-factory.js';
import { createSigningKeys } from './signing-keys.js';
import { createOidcStorage, type OidcStorage } from './storage.js';

/** A running OpenID server with its resource API below `/api` and its control. */
export type OidcEmulator = EmulatorControl &
  IssuerControl & {
    issuer: string;
    /** Where it listens, without a trailing slash. */
    url: string;
    port: number;
    close(): Promise<void>;
  };

/** Starts an OAuth 2 and OpenID server with login and consent pages. Fails when the port is taken. */
export async function startOidcServer(options: OidcServerOptions): Promise<OidcEmulator> {
  const world = createWorld(Date.now, {
    coop: options.coop,
    accessTokenTtlSeconds: options.accessTokenTtlSeconds,
    ...(options.refreshMode === undefined ? {} : { refreshMode: options.refreshMode }),
    ...(options.refreshWindowSeconds === undefined
      ? {}
      : { refreshWindowSeconds: options.refreshWindowSeconds }),
    ...(options.tokenDelayMs === undefined ? {} : { tokenDelayMs: options.tokenDelayMs }),
  });
  const storage = createOidcStorage(world.settings);
  for (const client of options.clients) storage.clients.set(client.clientId, client);
  const keys = await createSigningKeys();
  const server = await listen(world, options.host ?? '127.0.0.1', options.port ?? 0);
  const issuer = options.issuer ?? server.url;
  const users = options.users ?? DEFAULT_USERS;
  const parts = { issuer, world, storage, keys, users, options };
  const messages = createMessageBox(world.now);
  let provider = createProvider(parts);
  world.realms.push(createOidcRealm(world, storage));
  const control = createControl(world);
  const issuerControl: IssuerControl = {
    issueUserToken: (input) => keys.signUserToken(issuer, input, world.now()),
    async rotateSigningKey(rotation) {
      await keys.rotate(rotation);
      provider = createProvider(parts);
    },
  };

  const shapes = options.shapes === true ? {} : options.shapes;
  server.serve([
    ...(options.hasControlApi === false ? [] : [createControlPart(control, issuerControl)]),
    ...(shapes ? [createShapes(world, { users, ...shapes }, server.url, keys, messages)] : []),

    createOidcPart(parts, messages, () => provider),
  ]);
  return { ...control, ...issuerControl, issuer, url: server.url, port: server.port, close: server.close };
}

function createOidcRealm(world: World, storage: OidcStorage): Realm {
  return {
    ids: [OIDC_REALM],
    expireAccessTokens: storage.expireAccessTokens,
    revokeGrants(filter) {
      const families = storage.revokeGrants(filter);
      for (const family of families) {
        world.log.record({
          realm: OIDC_REALM,
          event: 'family_revoked',
          endpoint: 'page',
          tokenType: 'unknown',
          family,
          detail: 'revoked by control',
        });
      }
      return families.length;
    },
    upsertClient: (_realm, client) => void storage.clients.set(client.clientId, client),
    rotateClientSecret(_realm, clientId, clientSecret) {
      const client = storage.clients.get(clientId);
      if (!client) return false;
      const { previousClientSecret: _previous, ...rest } = client;
      storage.clients.set(clientId, { ...rest, clientSecret });
      return true;
    },
  };
}
