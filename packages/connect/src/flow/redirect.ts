import { type Address, decodeBase64url } from '../address.js';
import { toFailure, toSuccess } from '../outcome.js';
import type { Outcome } from '../types.js';
import { askServer, toOutcome } from './server.js';

export const stateKey = 'alter_oauth_state';
const acceptedMs = 300_000;

interface RedirectState {
  timestamp: number;
  returnUrl: string;
  /** Missing when the published library wrote the state. */
  session?: Address;
}

/** Leaves for the connect page in this tab. Throws when the browser stores nothing. */
export function leaveByRedirect(session: Address): void {
  const state: RedirectState = { timestamp: Date.now(), returnUrl: location.href, session };
  sessionStorage.setItem(stateKey, JSON.stringify(state));
  location.assign(session.href);
}

function readGrants(query: URLSearchParams): unknown[] {
  try {
    const grants: unknown = JSON.parse(decodeBase64url(query.get('alter_grants') ?? ''));
    if (Array.isArray(grants) && grants.length) return grants;
  } catch {}
  const grant = Object.fromEntries(query);
  const scopes = grant.scopes ? grant.scopes.split(',') : [];
  return grant.account_identifier ? [{ ...grant, metadata: undefined, scopes }] : [];
}

function readQuery(query: URLSearchParams): Outcome | undefined {
  if (query.get('alter_connect_success') === 'true') return toSuccess(readGrants(query));
  if (query.get('alter_connect_error')) {
    return toFailure(query.get('error_code'), query.get('error_description'));
  }
  return;
}

/**
 * Looks for the return of a redirect and puts the address back as it was. The parameters count for five minutes; a
 * later or bare return is settled by asking the vault.
 */
export function takeRedirectReturn(): Outcome | Promise<Outcome | undefined> | undefined {
  try {
    const text = sessionStorage.getItem(stateKey);
    if (!text) return;
    sessionStorage.removeItem(stateKey);
    const { timestamp, returnUrl, session }: RedirectState = JSON.parse(text);
    const outcome = readQuery(new URLSearchParams(location.search));
    if (outcome) {
      const { pathname, search, hash } = new URL(returnUrl);
      history.replaceState({}, '', pathname + search + hash);
      if (Date.now() - timestamp <= acceptedMs) return outcome;
    }
    if (!session) return;
    return askServer(session, 0, new AbortController().signal).then((answer) =>
      answer === 'unknown' || answer === 'unavailable' ? undefined : toOutcome(answer),
    );
  } catch {
    return;
  }
}
