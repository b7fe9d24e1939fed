import type { DemoConfig } from './config.js';
import type { DemoProvider } from './providers.js';
import type { Notice } from './sign-in/sessions.js';
import type { Operator } from './vault/operator.js';

/** One button that makes something go wrong. */
export interface Trouble {
  readonly id: string;
  readonly label: string;
  readonly explanation: string;
  /** Absent: always. */
  isOffered?(): boolean;
  /** Does it; gives the words that tell what to look for. */
  make(provider: DemoProvider): Promise<Pick<Notice, 'tone' | 'text'>>;
}

const slowMs = 6000;

/** The buttons of the page. `operator` absent: no rule to switch. */
export function listTroubles(config: DemoConfig, operator: Operator | undefined): readonly Trouble[] {
  const control = async (path: string, body: unknown): Promise<Record<string, unknown>> => {
    const response = await fetch(`${config.emulatorUrl}/__emulator/${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(5000),
    });
    if (!response.ok) throw new Error(`the emulator answered ${response.status}`);
    return (await response.json()) as Record<string, unknown>;
  };
  const troubles: Trouble[] = [
    {
      id: 'expire',
      label: 'Expire the token',
      explanation:
        'The provider stops accepting the access token. The next call fails with its 401; the one after that runs on a fresh token.',
      async make({ realm, name }) {
        const { count } = await control('expire-access-tokens', { realm });
        if (count === 0) return nothingConnected(name);
        return done(`${name} no longer accepts the access token. Send a message, twice.`);
      },
    },
    {
      id: 'slow',
      label: 'Make the provider slow',
      explanation: `The next call takes ${slowMs / 1000} seconds. This application waits three and gets a timeout.`,
      async make({ realm, name }) {
        await control('misbehaviours', { kind: 'delay', endpoint: 'api', realm, delay_ms: slowMs, times: 1 });
        return done(`${name} will take its time for one call. Send a message.`);
      },
    },
    {
      id: 'revoke',
      label: 'Revoke at the provider',
      explanation:
        'As if you removed this application in the provider’s settings. The vault finds out when it wants to refresh.',
      async make({ realm, name }) {
        const { count } = await control('revoke-grants', { realm });
        if (count === 0) return nothingConnected(name);
        return done(`${name} has ended the connection without telling anyone. Send a message, twice.`);
      },
    },
  ];
  if (operator) troubles.push(...listRules(operator));
  return troubles;
}

function listRules(operator: Operator): Trouble[] {
  // `npm start` lifts the rule at each start.
  let isSet = false;
  return [
    {
      id: 'rule',
      label: 'Set a rule that denies',
      explanation: 'Acme may be used from 203.0.113.0/24 only, and this machine is not there.',
      isOffered: () => !isSet,
      async make() {
        await operator.setRule(true);
        isSet = true;
        return done(
          'The rule holds for Acme from now on. Send a message with Acme: it will not be contacted.',
        );
      },
    },
    {
      id: 'no-rule',
      label: 'Lift the rule',
      explanation: 'Acme may be used from this machine again.',
      isOffered: () => isSet,
      async make() {
        await operator.setRule(false);
        isSet = false;
        return done('The rule is lifted.');
      },
    },
  ];
}

function done(text: string): Pick<Notice, 'tone' | 'text'> {
  return { tone: 'good', text };
}

function nothingConnected(name: string): Pick<Notice, 'tone' | 'text'> {
  return { tone: 'warn', text: `No account is connected at ${name}, so there was nothing to break.` };
}
