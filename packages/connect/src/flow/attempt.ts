import type { Address } from '../address.js';
import { createError, fail, toFailure, toSuccess } from '../outcome.js';
import type { AlterError, Outcome } from '../types.js';
import { showBlockedPrompt } from './blocked-prompt.js';
import { needsRedirect, openPopup } from './device.js';
import { leaveByRedirect, stateKey } from './redirect.js';
import { type Answer, askServer, type ServerWatch, toOutcome, watchServer } from './server.js';

const tickMs = 500;
/** How long a window that was at the provider must look closed before the user counts as gone. */
const graceTicks = 3;

/** What an attempt tells its owner. */
export interface AttemptEvents {
  /** The session is over. After `exit` a late `success` may follow: the vault has the last word. */
  finish: (outcome: Outcome) => void;
  /** The window could not be opened; the prompt is on the page and the attempt goes on. */
  block: (error: AlterError) => void;
  log: (step: string) => void;
}

/** One running connection. */
export interface Attempt {
  /** False while the browser blocks the window, or once it is closed but the vault has not said how it ended. */
  isOpen: () => boolean;
  /** Closes the window and forgets the session, without an outcome. */
  stop: () => void;
}

/** Opens the connect page synchronously, so that a click allows the window, and follows the session to its end. */
export function startAttempt(source: Address | Promise<Address>, events: AttemptEvents): Attempt {
  const abort = new AbortController();
  const { signal } = abort;
  let popup: Window | null = null;
  let address: Address | undefined;
  let server: ServerWatch | undefined;
  let removePrompt: (() => void) | undefined;
  let timer: ReturnType<typeof setInterval> | undefined;
  /** Where the page last said it is: '' before its first word, 'page', 'leaving' or 'left' for the provider. */
  let place = '';
  /** Whether the window could be reached after the provider's page had replaced ours: then nothing cut it off. */
  let wasReached = false;
  let closedTicks = 0;
  let isBlocked = false;
  let isLeaving = false;
  let isOver = false;

  const stop = (): void => {
    isOver = true;
    abort.abort();
    endWindow();
  };
  const endWindow = (): void => {
    clearInterval(timer);
    removeEventListener('message', receive);
    removeEventListener('pageshow', resume);
    removePrompt?.();
    popup?.close();
  };
  const finish = (outcome: Outcome): void => {
    if (isOver) {
      // The window looked closed and was not: a success that the vault reports afterwards still counts.
      if (!signal.aborted && outcome.name === 'success') {
        abort.abort();
        events.finish(outcome);
      }
      return;
    }
    isOver = true;
    endWindow();
    if (outcome.name !== 'exit' || place === 'page') abort.abort();
    events.finish(outcome);
  };
  const report = (answer: Outcome | 'expired'): void => {
    const isSeen = answer === 'expired' && popup && !popup.closed;
    finish(isSeen ? fail('session_expired', 'The session has expired') : toOutcome(answer));
  };

  const receive = (event: MessageEvent): void => {
    const { data } = event;
    if (event.origin !== address?.origin || !data) return;
    if (popup && event.source && event.source !== popup) return;
    if (data.type === 'alter_connect_success') finish(toSuccess(data.grants));
    else if (data.type === 'alter_connect_error') finish(toFailure(data.error, data.error_description, data));
    else if (data.type === 'alter_connect_place') {
      place = data.place;
      // A provider that cuts the opener has done so by now; a window that is still there is closed by its user alone.
      wasReached = place === 'left' && !popup?.closed;
    }
  };

  const askNow = async (): Promise<Answer> => (address ? askServer(address, 0, signal) : 'unavailable');

  /** Decides on a window that looks closed; a provider that cuts the opener (COOP) makes an open window look so too. */
  const checkClosed = async (): Promise<void> => {
    if (!popup) return;
    if (!popup.closed) {
      closedTicks = 0;
      return;
    }
    closedTicks += 1;
    const isGone =
      !address ||
      !server?.isUsable ||
      place === 'page' ||
      ((wasReached || !place) && closedTicks > graceTicks && document.hasFocus());
    if (!isGone) return;
    const answer = await askNow();
    // Only an answer counts, unless the vault is known not to give any.
    if (popup.closed && (answer !== 'unknown' || !server?.isUsable)) finish(toOutcome(answer));
  };

  /** Back from the connect page by the browser's back button, this page unfrozen. */
  const resume = async (event: PageTransitionEvent): Promise<void> => {
    if (!event.persisted || !isLeaving) return;
    sessionStorage.removeItem(stateKey);
    finish(toOutcome(await askNow()));
  };

  const redirect = (to: Address): void => {
    try {
      isLeaving = true;
      leaveByRedirect(to);
    } catch (error) {
      finish(fail('redirect_error', 'The browser stored no state', { error }));
    }
  };

  const openWindow = (): void => {
    if (!address) return;
    popup = openPopup(address.href);
    isBlocked = !popup;
    if (isBlocked) redirect(address);
    else removePrompt?.();
  };

  const proceed = (to: Address): void => {
    if (isOver) return;
    address = to;
    events.log(to.base);
    if (isRedirect) {
      redirect(to);
      return;
    }
    server = watchServer(to, signal, report);
    if (isBlocked) {
      removePrompt = showBlockedPrompt({
        href: to.href,
        openWindow,
        useThisTab: () => redirect(to),
        cancel: () => finish({ name: 'exit' }),
      });
    }
    if (isWaiting) popup?.location.replace(to.href);
  };

  const isRedirect = needsRedirect();
  const isWaiting = 'then' in source;
  addEventListener('pageshow', resume);
  if (!isRedirect) {
    popup = openPopup(isWaiting ? 'about:blank' : source.href);
    addEventListener('message', receive);
    timer = setInterval(checkClosed, tickMs);
    if (!popup) {
      isBlocked = true;
      events.block(createError('popup_blocked', 'The browser blocked the popup'));
    }
  }
  if (isWaiting) {
    source.then(proceed, (error: unknown) => finish(fail('token_error', String(error), { error })));
  } else proceed(source);

  return { isOpen: () => !isOver && !isBlocked && !closedTicks, stop };
}
