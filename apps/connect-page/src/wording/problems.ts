import type { Tone } from '@alter-ai/ui';

/** What a screen says when something did not work. */
export interface ProblemText {
  tone: Tone;
  title: string;
  text: string;
  /** Shown with the reference for the app's developer. */
  isForDeveloper?: boolean;
  canRetry?: boolean;
}

const setup = (app: string): ProblemText => ({
  tone: 'bad',
  title: `${app} is not set up for this yet`,
  text: `You did nothing wrong. The developer of ${app} has to fix this; the reference below helps them find it.`,
  isForDeveloper: true,
});
const unfinished = (app: string): ProblemText => ({
  tone: 'bad',
  title: 'The connection was not completed',
  text: `Nothing was connected. Go back to ${app} and try again. If it happens again, send them the reference below.`,
  isForDeveloper: true,
});

const texts: Record<string, (app: string) => ProblemText> = {
  connect_denied: (app) => ({
    tone: 'warn',
    title: 'Nothing was connected',
    text: `Access was declined. If that was not what you wanted, go back to ${app} and try again.`,
  }),
  connect_cancelled: (app) => ({
    tone: 'warn',
    title: 'Cancelled',
    text: `Nothing was connected. You can start again from ${app} at any time.`,
  }),
  session_expired: (app) => ({
    tone: 'warn',
    title: 'This link has expired',
    text: `Links work for a short time only. Go back to ${app} and start again.`,
  }),
  session_not_found: (app) => ({
    tone: 'warn',
    title: 'This link does not work here',
    text: `It may be incomplete, or belong to another browser. Go back to ${app} and start again in this browser.`,
  }),
  session_not_open: (app) => ({
    tone: 'warn',
    title: 'Already finished',
    text: `This link was used before. Go back to ${app} to connect another account.`,
  }),
  account_mismatch: (app) => ({
    tone: 'warn',
    title: 'Nothing was changed',
    text: `Another account was signed in. To try again with the right one, go back to ${app}.`,
  }),
  account_unknown: unfinished,
  provider_error: unfinished,
  exchange_failed: unfinished,
  service_unavailable: unfinished,
  connect_config_error: setup,
  invalid_client: setup,
  unauthorized_client: setup,
  invalid_redirect_uri: setup,
  provider_not_configured: setup,
  provider_configuration_unavailable: setup,
  network: () => ({
    tone: 'warn',
    title: 'No connection',
    text: 'This page could not reach its server. Check your internet connection, then try again.',
    canRetry: true,
  }),
  timeout: () => ({
    tone: 'warn',
    title: 'This takes too long',
    text: 'The server did not answer in time. Try again in a moment.',
    canRetry: true,
  }),
};

/** The words for an error code; `app` is the app's name, or "the app" where it is not known. */
export function describeProblem(code: string, app: string): ProblemText {
  return (texts[code] ?? unfinished)(app);
}

/** One sentence for an action that failed on a screen that stays. */
export function describeActionError(code: string, provider: string): string {
  if (code === 'network') return 'No connection. Check your internet connection, then try again.';
  if (code === 'timeout') return `${provider} did not answer in time. Try again.`;
  if (code === 'provider_configuration_unavailable' || code === 'provider_not_configured') {
    return `${provider} cannot be connected now, because the app's setup needs a fix by its developer.`;
  }
  if (code === 'grant_not_found') return 'That account is no longer connected. Connect it again.';
  if (code === 'invalid_grant_policy') return 'That is longer than the app allows. Choose a shorter time.';
  return 'That did not work. Try again; if it fails once more, go back to the app and start again.';
}
