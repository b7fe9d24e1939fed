import type { Endpoint } from '../journal/token-log.js';
import type { UserTokenInput } from '../oidc/signing-keys.js';
import { FieldError, readFields, readWord } from './fields.js';
import { MISBEHAVIOUR_KINDS, type MisbehaviourSpec } from './misbehaviour.js';
import type { ClientRegistration, Settings, TokenFilter } from './world.js';

const ENDPOINTS: readonly Endpoint[] = [
  'authorize',
  'token',
  'revocation',
  'userinfo',
  'api',
  'jwks',
  'discovery',
  'page',
];
const WHENS = ['before', 'after'] as const;
const COOPS = ['same-origin', 'same-origin-allow-popups', 'unsafe-none'] as const;
const REFRESH_MODES = ['strict', 'window', 'none'] as const;
const AUTH_METHODS = ['client_secret_basic', 'client_secret_post', 'none'] as const;

/** Reads the body of `POST /__emulator/misbehaviours`. */
export function readMisbehaviourSpec(body: unknown): MisbehaviourSpec {
  const fields = readFields(body, {
    kind: ['kind', 'text', 'required'],
    realm: ['realm', 'text'],
    client_id: ['clientId', 'text'],
    endpoint: ['endpoint', 'text'],
    times: ['times', 'number'],
    when: ['when', 'text'],
    error: ['error', 'text'],
    error_description: ['errorDescription', 'text'],
    status: ['status', 'number'],
    retry_after_seconds: ['retryAfterSeconds', 'number'],
    delay_ms: ['delayMs', 'number'],
    is_dropped_on_disconnect: ['isDroppedOnDisconnect', 'boolean'],
    scope: ['scope', 'text'],
    refresh_expires_in_seconds: ['refreshExpiresInSeconds', 'number'],
  });
  const kind = readWord(fields.kind, MISBEHAVIOUR_KINDS, 'kind');
  if (fields.endpoint !== undefined) readWord(fields.endpoint, ENDPOINTS, 'endpoint');
  if (fields.when !== undefined) readWord(fields.when, WHENS, 'when');
  for (const [field, value] of [
    ['times', fields.times],
    ['delay_ms', fields.delayMs],
    ['retry_after_seconds', fields.retryAfterSeconds],
  ] as const) {
    if (value !== undefined && !(Number.isInteger(value) && Number(value) >= 0)) {
      throw new FieldError(`${field} must be a whole number`);
    }
  }
  const { status } = fields;
  if (typeof status === 'number' && (!Number.isInteger(status) || status < 200 || status > 599)) {
    throw new FieldError('status must be 200 to 599');
  }
  return { ...fields, kind } as MisbehaviourSpec;
}

/** Reads the filter of the calls that expire tokens or revoke grants; an empty body means all. */
export function readTokenFilter(body: unknown): TokenFilter {
  return readFields(body ?? {}, {
    realm: ['realm', 'text'],
    client_id: ['clientId', 'text'],
    subject: ['subject', 'text'],
    family: ['family', 'text'],
  }) as TokenFilter;
}

/** Reads the body of `PATCH /__emulator/settings`; null for `coop` or `access_token_ttl_seconds` goes back to the default. */
export function readSettings(body: unknown): Partial<Settings> {
  const fields = readFields(body, {
    coop: ['coop', 'any'],
    access_token_ttl_seconds: ['accessTokenTtlSeconds', 'any'],
    refresh_mode: ['refreshMode', 'text'],
    shape_refresh_mode: ['shapeRefreshMode', 'any'],
    refresh_window_seconds: ['refreshWindowSeconds', 'number'],
    token_delay_ms: ['tokenDelayMs', 'number'],
    token_delay_when: ['tokenDelayWhen', 'text'],
  });
  if (fields.coop === null) fields.coop = undefined;
  else if (fields.coop !== undefined) readWord(fields.coop, COOPS, 'coop');
  if (fields.refreshMode !== undefined) readWord(fields.refreshMode, REFRESH_MODES, 'refresh_mode');
  if (fields.shapeRefreshMode === null) fields.shapeRefreshMode = undefined;
  else if (fields.shapeRefreshMode !== undefined) {
    readWord(fields.shapeRefreshMode, REFRESH_MODES, 'shape_refresh_mode');
  }
  if (fields.tokenDelayWhen !== undefined) readWord(fields.tokenDelayWhen, WHENS, 'token_delay_when');
  if (fields.accessTokenTtlSeconds === null) fields.accessTokenTtlSeconds = undefined;
  else if (fields.accessTokenTtlSeconds !== undefined && !Number.isInteger(fields.accessTokenTtlSeconds)) {
    throw new FieldError('access_token_ttl_seconds must be a whole number or null');
  }
  return fields as Partial<Settings>;
}

/** Reads the body of `PUT /__emulator/clients`. */
export function readClient(body: unknown): { realm: string; client: ClientRegistration } {
  const { realm, ...client } = readFields(body, {
    realm: ['realm', 'text'],
    client_id: ['clientId', 'text', 'required'],
    client_secret: ['clientSecret', 'text'],
    previous_client_secret: ['previousClientSecret', 'text'],
    redirect_uris: ['redirectUris', 'any', 'required'],
    auth_method: ['authMethod', 'text'],
    name: ['name', 'text'],
  });
  const { redirectUris } = client;
  const isList = Array.isArray(redirectUris) && redirectUris.every((uri) => typeof uri === 'string');
  if (redirectUris !== 'any-loopback' && !isList) {
    throw new FieldError('redirect_uris must be a list of URLs or "any-loopback"');
  }
  if (client.authMethod !== undefined) readWord(client.authMethod, AUTH_METHODS, 'auth_method');
  return { realm: typeof realm === 'string' ? realm : 'oidc', client: client as ClientRegistration };
}

/** Reads the body of `POST /__emulator/clients/rotate-secret`. */
export function readSecretRotation(body: unknown): { realm: string; clientId: string; clientSecret: string } {
  return {
    realm: 'oidc',
    ...(readFields(body, {
      realm: ['realm', 'text'],
      client_id: ['clientId', 'text', 'required'],
      client_secret: ['clientSecret', 'text', 'required'],
    }) as { clientId: string; clientSecret: string }),
  };
}

/** Reads the body of `POST /__emulator/user-tokens`. */
export function readUserToken(body: unknown): UserTokenInput {
  const { claims, header, key, ...input } = readFields(body, {
    subject: ['subject', 'text', 'required'],
    email: ['email', 'text'],
    name: ['name', 'text'],
    groups: ['groups', 'text_list'],
    audience: ['audience', 'text', 'required'],
    expires_in_seconds: ['expiresInSeconds', 'number'],
    claims: ['claims', 'object'],
    header: ['header', 'object'],
    key: ['key', 'text'],
  });
  const overrides = {
    ...(claims === undefined ? {} : { claims }),
    ...(header === undefined ? {} : { header }),
    ...(key === undefined ? {} : { key: readWord(key, ['current', 'unknown'], 'key') }),
  };
  return { ...input, overrides } as UserTokenInput;
}
