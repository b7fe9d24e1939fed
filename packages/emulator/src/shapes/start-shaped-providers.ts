import { createControl, type EmulatorControl } from '../control/control.js';
import { createControlPart } from '../control/control-api.js';
import { type ClientRegistration, createWorld, type Realm, type World } from '../control/world.js';
import type { Part } from '../http/part.js';
import { listen } from '../http/server.js';
import { createSigningKeys, type SigningKeys } from '../oidc/signing-keys.js';
import { createMessageBox, type MessageBox } from '../resource/messages.js';
import { DEFAULT_USERS } from '../users.js';
import { SHAPES } from './catalogue.js';
import type { ShapesContext } from './engine/shapes-context.js';
import { createShapesPart } from './engine/shapes-part.js';
import { createTokenStore, matchesFilter, nameFamily } from './engine/token-store.js';
import { SHAPED_PROVIDER_IDS, type ShapedProviderId, type ShapedProvidersOptions } from './options.js';
import { type EmulatedOverrides, emulatedOverrides } from './overrides.js';

/** Running shaped providers, each below `{url}/p/{id}/`. */
export type ShapedProviders = EmulatorControl & {
  url: string;
  port: number;
  /** Configuration fields that lead a catalogue entry here. */
  overrides(id: ShapedProviderId): EmulatedOverrides;
  close(): Promise<void>;
};

/** Starts the twelve shaped providers on a server of their own. Fails when the port is taken. */
export async function startShapedProviders(options: ShapedProvidersOptions = {}): Promise<ShapedProviders> {
  const world = createWorld(options.now ?? Date.now, {
    coop: options.coop,
    accessTokenTtlSeconds: options.accessTokenTtlSeconds,
    tokenDelayMs: options.tokenDelayMs ?? 0,
  });
  const keys = await createSigningKeys();
  const server = await listen(world, options.host ?? '127.0.0.1', options.port ?? 0);
  const messages = createMessageBox(world.now);
  const control = createControl(world);
  server.serve([
    ...(options.hasControlApi === false ? [] : [createControlPart(control)]),
    createShapes(world, options, server.url, keys, messages),
  ]);
  return {
    ...control,
    url: server.url,
    port: server.port,
    overrides: (id) => emulatedOverrides(id, server.url),
    close: server.close,
  };
}

/** Makes the shaped providers as a part of a server and registers them with the control. */
export function createShapes(
  world: World,
  options: Pick<ShapedProvidersOptions, 'clients' | 'users'>,
  origin: string,
  keys: SigningKeys,
  messages: MessageBox,
): Part {
  const context: ShapesContext = {
    world,
    store: createTokenStore(world),
    users: options.users ?? DEFAULT_USERS,
    messages,
    keys,
    origin,
    clients: new Map(SHAPED_PROVIDER_IDS.map((id) => [id, registerClients(id, options.clients?.[id] ?? [])])),
  };
  world.realms.push(createShapesRealm(context));
  return createShapesPart(context, SHAPES);
}

function registerClients(id: ShapedProviderId, more: ClientRegistration[]): Map<string, ClientRegistration> {
  const own: ClientRegistration = {
    clientId: `${id}-client`,
    clientSecret: `${id}-secret`,
    redirectUris: 'any-loopback',
  };
  return new Map([own, ...more].map((client) => [client.clientId, client]));
}

function createShapesRealm({ world, store, clients }: ShapesContext): Realm {
  return {
    ids: SHAPED_PROVIDER_IDS,
    expireAccessTokens: store.expireAccessTokens,
    revokeGrants(filter) {
      const families = new Map<string, string>();
      store.revoke((token) => {
        const isConcerned = matchesFilter(token, filter);
        if (isConcerned) families.set(nameFamily(token.grant, token.chain), token.grant.realm);
        return isConcerned;
      });
      for (const [family, realm] of families) {
        const detail = 'revoked by control';
        const event = { realm, event: 'family_revoked', endpoint: 'page', tokenType: 'unknown' } as const;
        world.log.record({ ...event, family, detail });
      }
      return families.size;
    },
    upsertClient(realm, client) {
      clients.get(realm)?.set(client.clientId, client);
    },
    rotateClientSecret(realm, clientId, clientSecret) {
      const client = clients.get(realm)?.get(clientId);
      if (!client) return false;
      const { previousClientSecret: _previous, ...rest } = client;
      clients.get(realm)?.set(clientId, { ...rest, clientSecret });
      return true;
    },
  };
}
