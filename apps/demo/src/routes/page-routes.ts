import { AlterSDKError, type GrantInfo, ReAuthRequiredError } from '@alter-ai/alter-sdk';
import { Hono } from 'hono';
import type { DemoDeps, SignedIn, SignedInSession } from '../deps.js';
import { renderHomePage } from '../pages/home.js';
import { renderRecords } from '../pages/records.js';
import { listAccounts } from '../vault/accounts.js';
import { describeRecords } from '../vault/records.js';

const recordsShown = 12;

/** The page, the list of records in it, and the address that the redirect returns to. */
export function createPageRoutes(deps: DemoDeps): Hono<SignedIn> {
  const routes = new Hono<SignedIn>();

  routes.get('/', async (context) => {
    const { session } = context.var;
    const found = await findAccounts(deps, session);
    if (found.isSignedOut) {
      deps.sessions.end(session.id);
      return context.redirect('/', 303);
    }
    // Asked for here so that it has begun when the page wants to show it.
    deps.operator?.readRecords();
    const { notice } = session;
    delete session.notice;
    return context.html(
      renderHomePage({
        user: session.user,
        session,
        notice,
        providers: deps.providers,
        accounts: found.accounts,
        problem: found.problem,
        troubles: deps.troubles,
        hasRecords: deps.operator !== undefined,
        vaultUrl: deps.config.vault.baseUrl,
      }),
    );
  });

  routes.get('/records', (context) => {
    const { seen, outcome } = context.var.session;
    if (!deps.operator) return context.notFound();
    const records = describeRecords(deps.operator.readRecords(), seen);
    return context.html(renderRecords(records.slice(0, recordsShown), outcome?.callId));
  });

  // The vault sends the browser here after a redirect; the page's module comes here after a popup.
  routes.get('/connected', (context) => {
    const code = context.req.query('error_code') ?? '';
    const isConnected = context.req.query('alter_connect_success') === 'true';
    // Only a code is taken from the address, and only one that looks like a code: anybody can write a link.
    const reason = /^[a-z_]{3,40}$/.test(code) ? ` (${code})` : '';
    context.var.session.notice = isConnected
      ? { section: 'accounts', tone: 'good', text: 'Connected. The vault keeps the tokens.' }
      : { section: 'accounts', tone: 'warn', text: `Nothing was connected${reason}.` };
    return context.redirect('/', 303);
  });

  return routes;
}

interface Found {
  accounts?: readonly GrantInfo[];
  problem?: string;
  isSignedOut?: boolean;
}

async function findAccounts({ alter }: DemoDeps, session: SignedInSession): Promise<Found> {
  try {
    const accounts = await alter.runAs(session.user.userToken, () => listAccounts(alter.app));
    for (const { grantId } of accounts) session.seen.grantIds.add(grantId);
    return { accounts };
  } catch (error) {
    if (!(error instanceof AlterSDKError)) throw error;
    if (error instanceof ReAuthRequiredError) return { isSignedOut: true };
    return { problem: `Your accounts cannot be listed now: ${error.message} (${error.code})` };
  }
}
