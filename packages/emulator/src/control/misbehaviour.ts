import type { Endpoint } from '../journal/token-log.js';

/** What a server can be told to do wrong. The first group answers instead of the server, the second spoils its answer. */
export const MISBEHAVIOUR_KINDS = [
  'error_in_200',
  'error',
  'html',
  'server_error',
  'rate_limit',
  'insufficient_scope',
  'cut',
  'delay',
  'no_expires_in',
  'expires_in_text',
  'no_refresh_token',
  'refresh_expires_in',
  'no_access_token',
  'nested_tokens',
  'form_encoded',
  'broken_json',
] as const;

/** One of the kinds in MISBEHAVIOUR_KINDS. */
export type MisbehaviourKind = (typeof MISBEHAVIOUR_KINDS)[number];

/**
 * An order to misbehave. Without `realm` it holds for every server of the process (`oidc` or a provider id), without
 * `clientId` for every client, without `endpoint` at the token endpoint, without `times` until it is cleared.
 */
export type MisbehaviourSpec = {
  kind: MisbehaviourKind;
  realm?: string;
  clientId?: string;
  endpoint?: Endpoint;
  /** How many requests it spoils. */
  times?: number;
  /** `before` (default): the request is not processed, its refresh token not spent; `after`: processed, then the answer is lost. */
  when?: 'before' | 'after';
  /** OAuth error code for `error` and `error_in_200`; default `invalid_grant`. */
  error?: string;
  errorDescription?: string;
  /** Status of `error` (400), `html` (502) and `server_error` (503). */
  status?: number;
  retryAfterSeconds?: number;
  delayMs?: number;
  /** With `delay` before: a caller that has gone by the end of the delay is not served, nothing is spent. */
  isDroppedOnDisconnect?: boolean;
  /** What `refresh_expires_in` says of the refresh token's end; default 604,800. */
  refreshExpiresInSeconds?: number;
  /** Scope named by the challenge of `insufficient_scope`. */
  scope?: string;
};

/** A spec that is in force, with the uses left (`null`: no end). */
export type Misbehaviour = MisbehaviourSpec & { id: string; timesLeft: number | null };

/** The orders in force in one process. */
export type MisbehaviourBook = {
  add(spec: MisbehaviourSpec): string;
  list(): Misbehaviour[];
  /** Ends one order, or all. */
  clear(id?: string): void;
  /** The orders that concern a request; each counts as used. */
  take(place: { realm: string; endpoint: Endpoint; clientId?: string | undefined }): Misbehaviour[];
};

/** Makes an empty book. */
export function createMisbehaviourBook(): MisbehaviourBook {
  let entries: Misbehaviour[] = [];
  let count = 0;
  return {
    add(spec) {
      count += 1;
      const id = `m${count}`;
      entries.push({ ...spec, id, timesLeft: spec.times ?? null });
      return id;
    },
    list: () => entries.map((entry) => ({ ...entry })),
    clear(id) {
      entries = id === undefined ? [] : entries.filter((entry) => entry.id !== id);
    },
    take({ realm, endpoint, clientId }) {
      const taken = entries.filter(
        (entry) =>
          (entry.endpoint ?? 'token') === endpoint &&
          (entry.realm === undefined || entry.realm === realm) &&
          (entry.clientId === undefined || entry.clientId === clientId),
      );
      for (const entry of taken) if (entry.timesLeft !== null) entry.timesLeft -= 1;
      entries = entries.filter((entry) => entry.timesLeft === null || entry.timesLeft > 0);
      return taken;
    },
  };
}
