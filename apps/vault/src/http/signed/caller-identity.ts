import { contextLimits, headerNames } from '@alter-ai/core-contract';
import type { VaultDeps } from '../../deps.js';
import { findActorId, isActorOfApp, registerActor } from '../../storage/live/actors.js';
import { ApiError } from '../api-error.js';
import type { KeyCaller } from '../request-context.js';
import type { SignedRequestHeaders } from './signed-headers.js';

/** Who a request says is calling. */
export interface CallerIdentity {
  readonly caller?: string;
  readonly callerType?: string;
  readonly actorId?: string;
  readonly context?: Readonly<Record<string, string>>;
  readonly traceId?: string;
}

const none: CallerIdentity = Object.freeze({});
const callerPattern = /^[\x20-\x7e]{1,255}$/;
const uuidPattern = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
/** Version `ff` and ids of zeros are not valid (W3C Trace Context). */
const traceparentPattern = /^(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/;

/**
 * Reads the identity headers, which the signature covers. The actor id is that of a caller that is registered already.
 * @throws ApiError `invalid_request`, also for an actor id that is unknown, of another app or of another caller
 */
export async function readCallerIdentity(
  deps: VaultDeps,
  appId: string,
  headers: SignedRequestHeaders,
): Promise<CallerIdentity> {
  const { caller, callerType } = headers;
  if (!caller && !callerType && !headers.actorId && !headers.context && !headers.traceparent) return none;
  if (caller !== undefined && !callerPattern.test(caller)) {
    throw refuse(headerNames.caller, 'must be 1 to 255 printable ASCII characters');
  }
  if (
    callerType !== undefined &&
    (caller === undefined || (callerType !== 'agent' && callerType !== 'service'))
  ) {
    throw refuse(headerNames.callerType, 'must be agent or service, and comes with a caller');
  }
  if (caller !== undefined && callerType === 'agent' && uuidPattern.test(caller)) {
    throw new ApiError('not_supported_yet', {
      message: 'Managed agents are not supported by this server yet.',
      fields: { field: headerNames.caller },
    });
  }
  const context = headers.context === undefined ? undefined : readContext(headers.context);
  const traceId = traceparentPattern.exec(headers.traceparent ?? '')?.[1];
  const actorId = await resolveActor(deps, appId, headers);
  return {
    ...(caller === undefined ? {} : { caller, callerType: callerType ?? 'service' }),
    ...(actorId === undefined ? {} : { actorId }),
    ...(context === undefined ? {} : { context }),
    ...(traceId === undefined ? {} : { traceId }),
  };
}

async function resolveActor(
  deps: VaultDeps,
  appId: string,
  headers: SignedRequestHeaders,
): Promise<string | undefined> {
  const claimed = headers.actorId;
  if (claimed !== undefined && !uuidPattern.test(claimed)) {
    throw refuse(headerNames.actorId, 'must be a lower-case UUID');
  }
  if (headers.caller === undefined) {
    if (claimed !== undefined && !(await isActorOfApp(deps.storage, appId, claimed))) {
      throw refuse(headerNames.actorId, 'is not an actor of this app');
    }
    return claimed;
  }
  const callerType = headers.callerType ?? 'service';
  const actorId = await findActorId(deps.storage, { appId, caller: headers.caller, callerType });
  if (claimed !== undefined && claimed !== actorId) {
    throw refuse(headerNames.actorId, 'is not the actor of this caller');
  }
  return actorId;
}

/**
 * Registers a caller that is new as an actor of its app, and answers the caller with its id. To be called once nothing speaks
 * against the request any more: what is refused leaves no row.
 */
export async function registerCaller(deps: VaultDeps, key: KeyCaller): Promise<KeyCaller> {
  const { appId, caller, callerType } = key;
  if (caller === undefined || callerType === undefined || key.actorId !== undefined) return key;
  const actorId = await registerActor(deps.storage, { appId, caller, callerType }, deps.clock());
  return { ...key, actorId };
}

function readContext(text: string): Record<string, string> {
  if (text.length > contextLimits.headerCharactersMax) throw refuse(headerNames.context, 'is too long');
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw refuse(headerNames.context, 'must be a JSON object of strings');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw refuse(headerNames.context, 'must be a JSON object of strings');
  }
  const entries = Object.entries(value);
  if (entries.length > contextLimits.keysMax) throw refuse(headerNames.context, 'has too many keys');
  for (const [key, item] of entries) {
    if (key.length > contextLimits.keyCharactersMax || key === '__proto__' || !key.isWellFormed()) {
      throw refuse(headerNames.context, 'has a key that is too long or not allowed');
    }
    if (typeof item !== 'string' || item.length > contextLimits.valueCharactersMax || !item.isWellFormed()) {
      throw refuse(headerNames.context, 'has a value that is no string or too long');
    }
  }
  return Object.fromEntries(entries);
}

function refuse(field: string, message: string): ApiError {
  return new ApiError('invalid_request', { message: `${field} ${message}.`, fields: { field } });
}
