import type { ConnectView } from '@alter-ai/core-contract';

const popupKey = 'alter_connect_popup';

/**
 * Remembers for the tab that it was opened as a popup, because a provider's Cross-Origin-Opener-Policy takes the
 * opener away for good.
 */
export function rememberPopup(): void {
  try {
    if (window.opener) sessionStorage.setItem(popupKey, '1');
  } catch {
    // Without storage the opener itself is all there is to know.
  }
}

/** Whether this window was opened as a popup, also where it lost its opener on the way. */
export function isPopup(): boolean {
  try {
    return Boolean(window.opener) || sessionStorage.getItem(popupKey) === '1';
  } catch {
    return false;
  }
}

/** Posts to the window that opened this one, once to each exact origin of the session (C4). */
function postToOpener(view: ConnectView, message: object): void {
  const opener: Window | null = window.opener;
  if (!opener || opener === window) return;
  for (const origin of view.message_targets) {
    if (origin === '*') continue;
    try {
      opener.postMessage(message, origin);
    } catch {
      // One malformed origin must not keep the result from the others.
    }
  }
}

/** Tells the opener that the page is on screen, on its way to the provider, or gone there. */
export function tellPlace(view: ConnectView, place: 'page' | 'leaving' | 'left'): void {
  postToOpener(view, { type: 'alter_connect_place', place });
}

/** Tells the opener how the session ended (wire/4). A session that its user cancelled just closes. */
export function tellResult(view: ConnectView): void {
  if (view.state === 'completed') {
    postToOpener(view, { type: 'alter_connect_success', grants: view.grants });
  } else if (view.error?.code !== 'connect_cancelled') {
    postToOpener(view, {
      type: 'alter_connect_error',
      error: view.error?.code ?? 'session_expired',
      error_description: view.error?.message ?? 'The connect session has expired.',
    });
  }
}
