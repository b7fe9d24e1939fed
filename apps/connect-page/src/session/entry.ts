import type { Entry } from './api.js';

/** Reads how the page was entered, and takes the token out of the address bar at once (C2). */
export function takeEntry(): Entry | undefined {
  const token = new URLSearchParams(location.hash.slice(1)).get('session');
  const handle = new URLSearchParams(location.search).get('handle');
  if (token) {
    history.replaceState(null, '', location.pathname);
    return { session_token: token };
  }
  return handle ? { handle } : undefined;
}

/** Puts the public handle into the address, so that a reload finds the session again. */
export function showHandle(handle: string): void {
  history.replaceState(null, '', `${location.pathname}?${new URLSearchParams({ handle })}`);
}
