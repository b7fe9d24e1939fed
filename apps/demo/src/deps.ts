import type { Context } from 'hono';
import type { DemoConfig } from './config.js';
import type { DemoProvider } from './providers.js';
import type { DemoSession, DemoUser, Sessions } from './sign-in/sessions.js';
import type { Trouble } from './trouble.js';
import type { Alter } from './vault/alter.js';
import type { Operator } from './vault/operator.js';

/** Everything the demo's routes can reach. */
export interface DemoDeps {
  readonly config: DemoConfig;
  readonly alter: Alter;
  readonly operator: Operator | undefined;
  readonly sessions: Sessions;
  readonly providers: readonly DemoProvider[];
  readonly troubles: readonly Trouble[];
}

/** A session of somebody who is signed in. */
export type SignedInSession = DemoSession & { user: DemoUser };

/** What the routes of signed-in users find in their context. */
export type SignedIn = { Variables: { session: SignedInSession } };

/** A context of those routes. */
export type SignedInContext = Context<SignedIn>;
