import type { Adapter, AdapterPayload } from 'oidc-provider';
import type { ClientRegistration, Settings, TokenFilter } from '../control/world.js';

type Stored = { payload: AdapterPayload; expiresAtMs: number };

const GRANT_MEMBERS = ['AccessToken', 'RefreshToken', 'AuthorizationCode'];

/** The memory of one OpenID server; outlives the protocol library's object, which is remade when keys rotate. */
export type OidcStorage = {
  makeAdapter(model: string): Adapter;
  clients: Map<string, ClientRegistration>;
  findToken(
    model: 'AccessToken' | 'RefreshToken' | 'AuthorizationCode',
    value: string,
  ): AdapterPayload | undefined;
  /** Makes the browser session with this uid forget who is signed in, so that somebody else can. */
  forgetSessionAccount(uid: string): void;
  expireAccessTokens(filter: TokenFilter): number;
  /** Ends grants with everything issued under them; returns their ids (the families). */
  revokeGrants(filter: TokenFilter): string[];
};

/** Makes an empty memory. Time is the machine's, as in oidc-provider itself. */
export function createOidcStorage(settings: Settings): OidcStorage {
  const models = new Map<string, Map<string, Stored>>();
  const clients = new Map<string, ClientRegistration>();

  function open(model: string): Map<string, Stored> {
    const rows = models.get(model) ?? new Map<string, Stored>();
    models.set(model, rows);
    return rows;
  }

  function read(model: string, id: string): AdapterPayload | undefined {
    const row = open(model).get(id);
    if (!row) return undefined;
    if (row.expiresAtMs <= Date.now()) {
      open(model).delete(id);
      return undefined;
    }
    return model === 'RefreshToken' ? forgiveReplay(row.payload) : row.payload;
  }

  // In the mode `window` a token spent a moment ago reads as unspent, unless its successor has been used.
  function forgiveReplay(payload: AdapterPayload): AdapterPayload {
    if (settings.refreshMode !== 'window' || typeof payload.consumed !== 'number') return payload;
    const ageSeconds = Date.now() / 1000 - payload.consumed;
    if (ageSeconds > settings.refreshWindowSeconds) return payload;
    const rotations = countRotations(payload);
    const isLast = [...open('RefreshToken').values()].every(
      (other) =>
        other.payload.grantId !== payload.grantId ||
        countRotations(other.payload) <= rotations ||
        (countRotations(other.payload) === rotations + 1 && other.payload.consumed === undefined),
    );
    if (!isLast) return payload;
    const { consumed: _spent, ...fresh } = payload;
    return fresh;
  }

  function endGrant(grantId: string): void {
    for (const model of GRANT_MEMBERS) {
      for (const [id, row] of open(model)) if (row.payload.grantId === grantId) open(model).delete(id);
    }
    open('Grant').delete(grantId);
  }

  function matches(payload: AdapterPayload, filter: TokenFilter, grantId: string | undefined): boolean {
    return (
      (filter.clientId === undefined || payload.clientId === filter.clientId) &&
      (filter.subject === undefined || payload.accountId === filter.subject) &&
      (filter.family === undefined || grantId === filter.family)
    );
  }

  return {
    clients,
    findToken: read,
    makeAdapter: (model) => ({
      async upsert(id, payload, expiresIn) {
        const expiresAtMs =
          expiresIn === undefined ? Number.POSITIVE_INFINITY : Date.now() + expiresIn * 1000;
        open(model).set(id, { payload, expiresAtMs });
      },
      async find(id) {
        if (model === 'Client') return describeClient(clients.get(id));
        return read(model, id);
      },
      findByUid: async (uid) => [...open(model).values()].find((row) => row.payload.uid === uid)?.payload,
      findByUserCode: async () => undefined,
      async consume(id) {
        const row = open(model).get(id);
        if (row) row.payload = { ...row.payload, consumed: Math.floor(Date.now() / 1000) };
      },
      async destroy(id) {
        open(model).delete(id);
      },
      async revokeByGrantId(grantId) {
        for (const [id, row] of open(model)) if (row.payload.grantId === grantId) open(model).delete(id);
      },
    }),
    forgetSessionAccount(uid) {
      for (const row of open('Session').values()) {
        if (row.payload.uid !== uid) continue;
        const { accountId: _account, loginTs: _time, authorizations: _clients, ...rest } = row.payload;
        row.payload = rest;
      }
    },
    expireAccessTokens(filter) {
      const rows = [...open('AccessToken').entries()].filter(([, row]) =>
        matches(row.payload, filter, row.payload.grantId),
      );
      for (const [id] of rows) open('AccessToken').delete(id);
      return rows.length;
    },
    revokeGrants(filter) {
      const ids = [...open('Grant').entries()]
        .filter(([id, row]) => matches(row.payload, filter, id))
        .map(([id]) => id);
      for (const id of ids) endGrant(id);
      return ids;
    },
  };
}

function countRotations(payload: AdapterPayload): number {
  return typeof payload.rotations === 'number' ? payload.rotations : 0;
}

// Redirect URIs are judged by our own rule (provider-factory.ts); the library wants at least one on record.
function describeClient(client: ClientRegistration | undefined): AdapterPayload | undefined {
  if (!client) return undefined;
  const authMethod = client.authMethod ?? 'client_secret_basic';
  return {
    client_id: client.clientId,
    client_name: client.name ?? client.clientId,
    ...(authMethod === 'none' ? {} : { client_secret: client.clientSecret ?? '' }),
    redirect_uris:
      client.redirectUris === 'any-loopback' ? ['http://127.0.0.1/callback'] : client.redirectUris,
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
    token_endpoint_auth_method: authMethod,
  } as AdapterPayload;
}
