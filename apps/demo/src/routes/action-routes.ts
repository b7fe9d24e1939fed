import { AlterSDKError } from '@alter-ai/alter-sdk';
import { Hono } from 'hono';
import type { DemoDeps, SignedIn, SignedInContext } from '../deps.js';
import type { DemoProvider } from '../providers.js';
import { describeRevocation } from '../vault/accounts.js';
import { startConnect } from '../vault/connect.js';
import { sendMessage } from '../vault/send-message.js';

const textMax = 200;

/** What the page's forms do. Each ends at the page again, which shows what came of it. */
export function createActionRoutes(deps: DemoDeps): Hono<SignedIn> {
  const { alter, config } = deps;
  const routes = new Hono<SignedIn>();

  routes.post('/send', async (context) => {
    const { session } = context.var;
    const form = await readForm(context);
    const [providerId, ...account] = form.read('sender').split(' ');
    const provider = findProvider(deps, providerId);
    if (!provider) return context.text('There is no such provider.', 400);
    const outcome = await alter.runAs(session.user.userToken, () =>
      sendMessage(alter.app, {
        provider,
        account: account.join(' ') || undefined,
        to: session.user.email,
        text: form.read('text') || 'Hello through the vault',
        reason: form.read('reason'),
      }),
    );
    session.outcome = outcome;
    session.seen.callIds.add(outcome.callId);
    return context.redirect('/', 303);
  });

  routes.post('/revoke', async (context) => {
    const { session } = context.var;
    const grantId = (await readForm(context)).read('grant_id');
    try {
      const result = await alter.runAs(session.user.userToken, () =>
        alter.app.revokeGrant(grantId, { reason: 'Taken back on the demo page' }),
      );
      session.notice = { section: 'accounts', tone: 'good', text: describeRevocation(result) };
    } catch (error) {
      if (!(error instanceof AlterSDKError)) throw error;
      session.notice = { section: 'accounts', tone: 'bad', text: `${error.message} (${error.code})` };
    }
    return context.redirect('/', 303);
  });

  routes.post('/trouble', async (context) => {
    const { session } = context.var;
    const form = await readForm(context);
    const trouble = deps.troubles.find(({ id }) => id === form.read('trouble'));
    const provider = findProvider(deps, form.read('provider'));
    if (!trouble || !provider) return context.text('There is no such button.', 400);
    try {
      session.notice = { section: 'trouble', ...(await trouble.make(provider)) };
    } catch {
      const text = 'That did not work: the emulator or the vault did not answer.';
      session.notice = { section: 'trouble', tone: 'bad', text };
    }
    return context.redirect('/', 303);
  });

  // The popup: the page's module hands the token to the library.
  routes.post('/connect/:provider/session', async (context) => {
    const provider = findProvider(deps, context.req.param('provider'));
    if (!provider) return context.json({ message: 'There is no such provider.' }, 404);
    try {
      const connect = await makeConnectSession(deps, context, provider);
      return context.json({ session_token: connect.sessionToken });
    } catch (error) {
      if (!(error instanceof AlterSDKError)) throw error;
      return context.json({ message: `${error.message} (${error.code})` }, 502);
    }
  });

  // The redirect: no script needed.
  routes.post('/connect/:provider', async (context) => {
    const provider = findProvider(deps, context.req.param('provider'));
    if (!provider) return context.text('There is no such provider.', 404);
    try {
      const connect = await makeConnectSession(deps, context, provider);
      return context.redirect(connect.connectUrl, 303);
    } catch (error) {
      if (!(error instanceof AlterSDKError)) throw error;
      const text = `Connecting did not start: ${error.message} (${error.code})`;
      context.var.session.notice = { section: 'accounts', tone: 'bad', text };
      return context.redirect('/', 303);
    }
  });

  async function makeConnectSession(
    { alter: { app } }: DemoDeps,
    context: SignedInContext,
    provider: DemoProvider,
  ) {
    const { session } = context.var;
    const form = await readForm(context);
    const result = session.outcome?.result;
    return alter.runAs(session.user.userToken, () =>
      startConnect(app, {
        providerId: provider.id,
        allowedOrigin: config.url,
        returnUrl: `${config.url}/connected`,
        isAnotherAccount: form.read('another') === 'yes',
        repairs: form.read('repairs') === 'yes' && result && 'error' in result ? result.error : undefined,
      }),
    );
  }

  return routes;
}

function findProvider(deps: DemoDeps, id: string | undefined): DemoProvider | undefined {
  return deps.providers.find((provider) => provider.id === id);
}

async function readForm(context: SignedInContext): Promise<{ read(name: string): string }> {
  const form = await context.req.parseBody();
  return {
    read: (name) => {
      const value = form[name];
      return typeof value === 'string' ? value.trim().slice(0, textMax) : '';
    },
  };
}
