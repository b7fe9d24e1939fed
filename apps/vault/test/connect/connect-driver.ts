import { driveAuthorization } from '@alter-ai/emulator';
import type { TestVault } from '../harness.js';

/** One browser: its cookie for the vault. */
export interface PageBrowser {
  /** Calls an endpoint of the connect page as the page does. */
  post(name: string, body: unknown): Promise<{ status: number; body: Record<string, unknown> }>;
  /** Follows the provider's redirect back to the vault. */
  callBack(url: URL): Promise<Response>;
}

/** Makes a browser without cookies. */
export function createPageBrowser(vault: TestVault): PageBrowser {
  const publicUrl = vault.deps.config.publicUrl;
  let cookie = '';
  const keep = (answer: Response) => {
    const line = answer.headers.getSetCookie()[0];
    if (line) cookie = line.split(';')[0] ?? '';
  };
  return {
    async post(name, body) {
      const answer = await vault.app.request(`${publicUrl}/sdk/oauth/connect/page/${name}`, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          origin: new URL(publicUrl).origin,
          ...(cookie ? { cookie } : {}),
        },
        body: JSON.stringify(body),
      });
      keep(answer);
      return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
    },
    async callBack(url) {
      const answer = await vault.app.request(url, { headers: cookie ? { cookie } : {} });
      keep(answer);
      return answer;
    },
  };
}

/** A connect session as it was answered. */
export interface TestSession {
  readonly sessionToken: string;
  readonly handle: string;
  readonly browser: PageBrowser;
}

/** Makes a session and opens it in a fresh browser. */
export async function openSession(vault: TestVault, body: Record<string, unknown>): Promise<TestSession> {
  const created = await vault.signedFetch('POST', '/sdk/oauth/connect/session', {
    allowed_providers: null,
    return_url: null,
    allowed_origin: null,
    metadata: null,
    ...body,
  });
  if (created.status !== 200) throw new Error(`no session: ${JSON.stringify(await created.json())}`);
  const { session_token: sessionToken } = (await created.json()) as { session_token: string };
  const browser = createPageBrowser(vault);
  const opened = await browser.post('open', { session_token: sessionToken });
  if (opened.status !== 200) throw new Error(`not opened: ${JSON.stringify(opened.body)}`);
  return { sessionToken, handle: opened.body.handle as string, browser };
}

/** Goes to the provider and back, as `user`, and answers the callback's response. */
export async function goThroughProvider(
  vault: TestVault,
  session: TestSession,
  options: {
    provider: string;
    user?: string;
    decision?: 'allow' | 'deny';
    without?: string[];
    page?: Record<string, unknown>;
  },
): Promise<{ callback: URL; response: Response }> {
  const started = await session.browser.post('authorize', {
    handle: session.handle,
    provider_id: options.provider,
    ...options.page,
  });
  if (started.status !== 200) throw new Error(`not authorized: ${JSON.stringify(started.body)}`);
  const callback = await driveAuthorization(started.body.authorization_url as string, {
    user: options.user ?? 'alice',
    decision: options.decision ?? 'allow',
    ...(options.without ? { without: options.without } : {}),
    stopAt: `${vault.deps.config.publicUrl}/oauth/callback`,
  });
  return { callback, response: await session.browser.callBack(callback) };
}

/** How the session stands, for the SDK. */
export async function poll(vault: TestVault, sessionToken: string): Promise<Record<string, unknown>> {
  const answer = await vault.signedFetch('POST', '/sdk/oauth/connect/session/poll', {
    session_token: sessionToken,
  });
  return (await answer.json()) as Record<string, unknown>;
}

/** Connects one account and answers its grant. */
export async function connectAccount(
  vault: TestVault,
  options: { provider: string; user?: string; session?: Record<string, unknown>; without?: string[] },
): Promise<{ grant_id: string; operation: string; account_identifier: string; scopes: string[] }> {
  const session = await openSession(vault, { allowed_providers: [options.provider], ...options.session });
  await goThroughProvider(vault, session, options);
  const outcome = (await poll(vault, session.sessionToken)) as { status: string; grants?: never[] };
  const [grant] = outcome.grants ?? [];
  if (outcome.status !== 'completed' || !grant) throw new Error(`not connected: ${JSON.stringify(outcome)}`);
  return grant;
}
