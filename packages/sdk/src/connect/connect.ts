import { type EitherSpelling, type OptionNames, readOptions } from '../options/option-names.js';
import type { VaultClient } from '../vault/vault-client.js';
import type { ConnectResult } from './connect-result.js';
import { createConnectSession } from './create-session.js';
import { openLink, printLink } from './open-link.js';
import { type PollOptions, pollConnectSession, pollOptionNames, readPollLimits } from './poll-session.js';
import type { ConnectSessionOptions } from './session-options.js';

/** Options of `App.connect` (wire/2 §3). */
export interface ConnectOptions
  extends PollOptions,
    Pick<ConnectSessionOptions, 'grantPolicy' | 'allowUserPolicyRules' | 'direct'> {
  /** Providers that the page offers; every configured one where absent. */
  readonly providers?: readonly string[] | undefined;
  /** False shows the link instead of opening the browser; true by default. */
  readonly openBrowser?: boolean | undefined;
  /** Receives the link where no browser is opened; without it the link is printed. */
  readonly onLink?: ((url: string) => void) | undefined;
}

const optionNames: OptionNames<ConnectOptions> = {
  ...pollOptionNames,
  providers: true,
  grantPolicy: true,
  allowUserPolicyRules: true,
  direct: true,
  openBrowser: true,
  onLink: true,
};

/** `App.connect`: makes a session, opens or shows its page, waits until the person is done. */
export async function connectHeadless(
  client: VaultClient,
  given: EitherSpelling<ConnectOptions> | undefined,
): Promise<readonly ConnectResult[]> {
  const { providers, grantPolicy, allowUserPolicyRules, direct, openBrowser, onLink, ...poll } =
    readOptions<ConnectOptions>(given, optionNames);
  // A wrong duration must not be found after the browser has opened.
  readPollLimits(poll);
  const session = await createConnectSession(client, {
    allowedProviders: providers,
    grantPolicy,
    allowUserPolicyRules,
    direct,
  });
  let isShown = false;
  const showLink = () => {
    if (isShown) return;
    isShown = true;
    (onLink ?? printLink)(session.connectUrl);
  };
  if (openBrowser === false) showLink();
  else await openLink(session.connectUrl, showLink);
  return pollConnectSession(client, session.sessionToken, poll);
}
