import { App, type ConnectSessionOptions } from '@alter-ai/alter-sdk';
import { driveAuthorization } from '@alter-ai/emulator';

/** Which vault, and with which key. */
interface Target {
  readonly url: string;
  readonly apiKey: string;
}

/** Does what the hosted page and its browser do, without one: opens the session, signs in at the emulated provider, comes back. */
export async function openConnectUrl(
  vaultUrl: string,
  connectUrl: string,
  choice: { providerId: string; user?: string; decision?: 'allow' | 'deny' },
): Promise<Response> {
  const page = await openPage(vaultUrl, connectUrl);
  const started = await page.post('authorize', { provider_id: choice.providerId });
  const callback = await driveAuthorization(String(started.authorization_url ?? ''), {
    user: choice.user ?? 'alice',
    decision: choice.decision ?? 'allow',
    stopAt: `${vaultUrl}/oauth/callback`,
  });
  return fetch(callback, { headers: { cookie: page.cookie }, redirect: 'manual' });
}

/** The same for a session in which the user enters a key: answers what the page shows in the end. */
export async function enterKeyOverHttp(
  vaultUrl: string,
  connectUrl: string,
  fields: Readonly<Record<string, string>>,
): Promise<Record<string, unknown>> {
  const page = await openPage(vaultUrl, connectUrl);
  return page.post('enter-key', { fields });
}

async function openPage(vaultUrl: string, connectUrl: string) {
  const token = decodeURIComponent(new URL(connectUrl).hash.replace('#session=', ''));
  const send = async (name: string, body: unknown, cookie: string) => {
    const answer = await fetch(`${vaultUrl}/sdk/oauth/connect/page/${name}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', origin: new URL(vaultUrl).origin, cookie },
      body: JSON.stringify(body),
    });
    if (!answer.ok) throw new Error(`${name}: ${await answer.text()}`);
    return { answer, body: (await answer.json()) as Record<string, unknown> };
  };
  const opened = await send('open', { session_token: token }, '');
  const cookie = opened.answer.headers.getSetCookie()[0]?.split(';')[0] ?? '';
  return {
    cookie,
    post: async (name: string, body: Record<string, unknown>) =>
      (await send(name, { handle: opened.body.handle, ...body }, cookie)).body,
  };
}

/** Which account is connected, and with what session. */
export interface ConnectChoice {
  readonly providerId: string;
  readonly user?: string;
  readonly session?: Partial<ConnectSessionOptions>;
}

/** Connects one account and answers its grant id. */
export async function connectOverHttp(target: Target, choice: ConnectChoice): Promise<string> {
  const app = new App({ apiKey: target.apiKey, baseUrl: target.url });
  try {
    const session = await app.createConnectSession({
      allowedProviders: [choice.providerId],
      ...choice.session,
    });
    await openConnectUrl(target.url, session.connectUrl, choice);
    const [grant] = await app.pollConnectSession(session.sessionToken, { timeout: 10, pollInterval: 0.1 });
    if (!grant) throw new Error('nothing was connected');
    return grant.grantId;
  } finally {
    await app.close();
  }
}
