import type { ConnectView } from '@alter-ai/core-contract';
import { PageError } from './page-error.js';

const timeoutMs = 15_000;

/** Body of `page/authorize`. */
export interface AuthorizeChoice {
  provider_id: string;
  parameters?: Record<string, string>;
  lifetime_seconds?: number;
  add_account?: boolean;
}

/** Posts to one endpoint of the page. Throws `PageError`. */
async function post<T>(name: string, body: object): Promise<T> {
  let response: Response;
  let answer: unknown;
  try {
    response = await fetch(`/sdk/oauth/connect/page/${name}`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(body),
      cache: 'no-store',
      credentials: 'same-origin',
      signal: AbortSignal.timeout(timeoutMs),
    });
    answer = await response.json();
  } catch (error) {
    const isTimeout = error instanceof DOMException && error.name === 'TimeoutError';
    throw new PageError(isTimeout ? 'timeout' : 'network', 'The vault did not answer.');
  }
  if (response.ok) return answer as T;
  const { error, message, request_id, field } = answer as Record<string, string | undefined>;
  throw new PageError(
    error ?? 'unknown',
    message ?? `The vault answered ${response.status}.`,
    request_id,
    field,
  );
}

/** What opens a session: its token the first time, its handle afterwards. */
export type Entry = { session_token: string } | { handle: string };

/** Opens the session in this browser. */
export function openSession(entry: Entry): Promise<ConnectView> {
  return post('open', entry);
}

/** Asks for the address of the provider's authorization page. */
export async function startAuthorization(handle: string, choice: AuthorizeChoice): Promise<string> {
  const { authorization_url } = await post<{ authorization_url: string }>('authorize', { handle, ...choice });
  if (!/^https?:\/\//.test(authorization_url))
    throw new PageError('provider_error', 'The provider has no web address.');
  return authorization_url;
}

/** A step that changes the session and answers its new view. */
export type Step =
  | { name: 'use-existing'; grant_id: string }
  | { name: 'resolve-mismatch'; choice: 'add' | 'retry' | 'cancel' }
  | { name: 'enter-key'; fields: Record<string, string>; lifetime_seconds?: number }
  | { name: 'finish' }
  | { name: 'cancel' };

/** Takes one step. */
export function takeStep(handle: string, { name, ...body }: Step): Promise<ConnectView> {
  return post(name, { handle, ...body });
}
