import { type Exchange, jsonResponse } from '../http/exchange.js';
import type { Part } from '../http/part.js';
import type { LogEvent } from '../journal/token-log.js';
import type { UserTokenInput } from '../oidc/signing-keys.js';
import type { EmulatorControl } from './control.js';
import { FieldError } from './fields.js';
import {
  readClient,
  readMisbehaviourSpec,
  readSecretRotation,
  readSettings,
  readTokenFilter,
  readUserToken,
} from './wire.js';

/** What only a server with an OpenID issuer can do. */
export type IssuerControl = {
  issueUserToken(input: UserTokenInput): Promise<string>;
  rotateSigningKey(options?: { isOldKeyWithdrawn?: boolean }): Promise<void>;
};

const PREFIX = '/__emulator/';
const LOOPBACK_HOST = /^(localhost|127\.0\.0\.1|\[::1\])$/;

/** The control as HTTP below `/__emulator/`, for programs on this machine only. */
export function createControlPart(control: EmulatorControl, issuer?: IssuerControl): Part {
  return {
    classify: (pathname) => (pathname.startsWith(PREFIX) ? 'control' : undefined),
    async handle(exchange) {
      if (!isFromThisMachine(exchange)) return jsonResponse({ error: 'forbidden' }, 403);
      try {
        return await route(control, issuer, exchange);
      } catch (error) {
        if (!(error instanceof FieldError || error instanceof RangeError)) throw error;
        return jsonResponse({ error: 'invalid_request', error_description: error.message }, 400);
      }
    },
  };
}

async function route(
  control: EmulatorControl,
  issuer: IssuerControl | undefined,
  exchange: Exchange,
): Promise<Response> {
  const path = exchange.url.pathname.slice(PREFIX.length);
  switch (`${exchange.method} ${path}`) {
    case 'GET log':
      return writeWire({ events: filterLog(control.log(), exchange.url.searchParams) });
    case 'DELETE log':
      control.clearLog();
      return jsonResponse({});
    case 'GET log/summary':
      return writeWire(control.summarizeLog());
    case 'GET misbehaviours':
      return writeWire({ misbehaviours: control.listMisbehaviours() });
    case 'POST misbehaviours':
      return jsonResponse({ id: control.misbehave(readMisbehaviourSpec(readJson(exchange))) }, 201);
    case 'DELETE misbehaviours':
      control.clearMisbehaviours();
      return jsonResponse({});
    case 'POST expire-access-tokens':
      return jsonResponse({ count: control.expireAccessTokens(readTokenFilter(readJson(exchange))) });
    case 'POST revoke-grants':
      return jsonResponse({ count: control.revokeGrants(readTokenFilter(readJson(exchange))) });
    case 'GET settings':
      return writeWire(control.readSettings());
    case 'PATCH settings':
      return writeWire(control.updateSettings(readSettings(readJson(exchange))));
    case 'PUT clients': {
      const { realm, client } = readClient(readJson(exchange));
      control.upsertClient(realm, client);
      return jsonResponse({ realm, client_id: client.clientId });
    }
    case 'POST clients/rotate-secret': {
      const { realm, clientId, clientSecret } = readSecretRotation(readJson(exchange));
      const isDone = control.rotateClientSecret(realm, clientId, clientSecret);
      return isDone ? jsonResponse({}) : jsonResponse({ error: 'not_found' }, 404);
    }
    case 'POST user-tokens':
      if (!issuer) return jsonResponse({ error: 'not_found' }, 404);
      return jsonResponse({ token: await issuer.issueUserToken(readUserToken(readJson(exchange))) });
    case 'POST signing-keys/rotate':
      if (!issuer) return jsonResponse({ error: 'not_found' }, 404);
      await issuer.rotateSigningKey();
      return jsonResponse({});
    default:
      if (exchange.method === 'DELETE' && path.startsWith('misbehaviours/')) {
        control.clearMisbehaviours(path.slice('misbehaviours/'.length));
        return jsonResponse({});
      }
      return jsonResponse({ error: 'not_found' }, 404);
  }
}

function filterLog(events: readonly LogEvent[], query: URLSearchParams): LogEvent[] {
  const after = Number(query.get('after') ?? 0);
  const wanted = (['realm', 'event', 'family', 'endpoint', 'tokenType'] as const).flatMap((field) => {
    const value = query.get(field === 'tokenType' ? 'token_type' : field);
    return value === null ? [] : [[field, value] as const];
  });
  return events.filter(
    (event) => event.seq > after && wanted.every(([field, value]) => event[field] === value),
  );
}

function writeWire(body: unknown): Response {
  return jsonResponse(toSnakeCase(body));
}

function toSnakeCase(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(toSnakeCase);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [
      name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
      toSnakeCase(member),
    ]),
  );
}

function readJson(exchange: Exchange): unknown {
  if (exchange.body.byteLength === 0) return {};
  try {
    return JSON.parse(new TextDecoder().decode(exchange.body));
  } catch {
    throw new FieldError('the body is not JSON');
  }
}

// The address keeps other machines out, the host name a rebound DNS name, and Sec-Fetch-Site a page of another site.
function isFromThisMachine(exchange: Exchange): boolean {
  const address = exchange.incoming.socket.remoteAddress ?? '';
  const site = exchange.headers.get('sec-fetch-site') ?? 'none';
  return (
    /^(127\.|::1$|::ffff:127\.)/.test(address) &&
    LOOPBACK_HOST.test(exchange.url.hostname) &&
    ['none', 'same-origin'].includes(site)
  );
}
