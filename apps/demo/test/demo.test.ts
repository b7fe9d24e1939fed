import { type Emulator, startEmulator } from '@alter-ai/emulator';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createDemo, type Demo } from '../src/app.js';
import type { DemoConfig } from '../src/config.js';
import { sessionCookie } from '../src/sign-in/routes.js';
import { type Browser, beginSignIn, createBrowser } from './browser.js';

const demoUrl = 'http://127.0.0.1:4600';

let emulator: Emulator;
let config: DemoConfig;
let nowMs: number;
let demo: Demo;
let browser: Browser;

beforeAll(async () => {
  emulator = await startEmulator({ port: 0, idpPort: 0 });
  config = {
    host: '127.0.0.1',
    port: 4600,
    url: demoUrl,
    // Port 9 answers nobody: how the demo behaves without its vault is part of what is tested here.
    vault: { baseUrl: 'http://127.0.0.1:9', apiKey: `alter_key_app_${'x'.repeat(36)}` },
    idp: { issuer: emulator.idp.issuer, clientId: 'demo', clientSecret: 'demo-secret' },
    emulatorUrl: emulator.provider.url,
    operator: undefined,
  };
});
afterAll(() => emulator.close());

beforeEach(() => {
  nowMs = Date.now();
  demo = createDemo(config, () => nowMs);
  browser = createBrowser(demo, demoUrl);
});

async function signIn(user: string): Promise<void> {
  const callback = await beginSignIn(browser, demoUrl, user);
  expect((await browser.get(callback)).headers.get('location')).toBe('/');
}

const readHome = async () => (await browser.get(`${demoUrl}/`)).text();

describe('signing in', () => {
  it('leads through the identity provider and back, under another session than before', async () => {
    const callback = await beginSignIn(browser, demoUrl, 'alice');
    const before = browser.cookies(demoUrl).get(sessionCookie);
    await browser.get(callback);
    const after = browser.cookies(demoUrl).get(sessionCookie);
    expect(before).toBeTruthy();
    expect(after).toBeTruthy();
    expect(after).not.toBe(before);
    expect(await readHome()).toContain('Alice Example');
  });

  it('keeps the user token out of every page and cookie', async () => {
    await signIn('alice');
    const page = await readHome();
    expect(page).not.toMatch(/eyJ[\w-]+\./);
    expect([...browser.cookies(demoUrl).values()].join()).not.toMatch(/eyJ/);
  });

  it('refuses a callback that this browser did not ask for', async () => {
    const callback = await beginSignIn(browser, demoUrl, 'alice');
    const stranger = createBrowser(demo, demoUrl);
    expect((await stranger.get(callback)).status).toBe(400);
  });

  it('refuses a forged state, and the sign-in is over then', async () => {
    const callback = new URL(await beginSignIn(browser, demoUrl, 'alice'));
    const genuine = callback.href;
    callback.searchParams.set('state', 'forged');
    expect((await browser.get(callback.href)).status).toBe(400);
    expect((await browser.get(genuine)).status).toBe(400);
    expect(await readHome()).toContain('Sign in as Alice or Bob');
  });

  it('ends with the user token', async () => {
    await signIn('alice');
    nowMs += 3_601_000;
    expect(await readHome()).toContain('Sign in as Alice or Bob');
  });

  it('ends with the sign-out', async () => {
    await signIn('bob');
    const session = browser.cookies(demoUrl).get(sessionCookie) ?? '';
    await browser.post(`${demoUrl}/sign-out`, {});
    browser.cookies(demoUrl).set(sessionCookie, session);
    expect(await readHome()).toContain('Sign in as Alice or Bob');
  });
});

describe('pages and forms', () => {
  it('carry a policy without inline script', async () => {
    const { headers } = await browser.get(`${demoUrl}/`);
    const policy = headers.get('content-security-policy');
    expect(policy).toContain("script-src 'self'");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).not.toContain('unsafe');
    expect(await readHome()).not.toMatch(/<script(?![^>]*src=)| style=| on[a-z]+=/);
  });

  it('serve the popup library, the module and the style', async () => {
    for (const [name, type] of [
      ['alter-connect.js', 'text/javascript'],
      ['demo.js', 'text/javascript'],
      ['demo.css', 'text/css'],
      ['icon.svg', 'image/svg+xml'],
    ]) {
      const response = await browser.get(`${demoUrl}/assets/${name}`);
      expect(response.status).toBe(200);
      expect(response.headers.get('content-type')).toContain(type);
    }
  });

  it('refuse a form of another origin, even on the same host', async () => {
    await signIn('alice');
    const foreign = { origin: emulator.provider.url };
    const answer = await browser.post(`${demoUrl}/send`, { sender: 'acme', text: 'x' }, foreign);
    expect(answer.status).toBe(403);
    expect(await readHome()).toContain('Nothing yet.');
  });

  it('do nothing for somebody who is not signed in', async () => {
    const answer = await browser.post(`${demoUrl}/trouble`, { trouble: 'revoke', provider: 'acme' });
    expect(answer.headers.get('location')).toBe('/');
  });

  it('show what a user typed as text, and only codes of an address', async () => {
    await signIn('alice');
    await browser.post(`${demoUrl}/send`, { sender: 'acme', text: '<b>bold</b>', reason: '"><script>' });
    await browser.get(`${demoUrl}/connected?error_code=%3Cimg%3E&error_description=Call+this+number`);
    const page = await readHome();
    expect(page).toContain('&lt;b&gt;bold&lt;/b&gt;');
    expect(page).not.toContain('<b>bold');
    expect(page).not.toContain('<script>');
    expect(page).not.toContain('Call this number');
    expect(page).toContain('Nothing was connected.');
  });

  it('say which error a call ended with when the vault is away', async () => {
    await signIn('alice');
    await browser.post(`${demoUrl}/send`, { sender: 'acme', text: 'Hello', reason: 'Test' });
    const page = await readHome();
    expect(page).toContain('NetworkError');
    expect(page).toContain('network_error');
    expect(page).toContain('Your accounts cannot be listed now');
  });
});

describe('buttons that make it go wrong', () => {
  it('say so when there is nothing to break', async () => {
    await signIn('alice');
    await browser.post(`${demoUrl}/trouble`, { trouble: 'expire', provider: 'acme' });
    expect(await readHome()).toContain('No account is connected at Acme');
  });

  it('make one call to the provider slow', async () => {
    await signIn('alice');
    await browser.post(`${demoUrl}/trouble`, { trouble: 'slow', provider: 'google' });
    expect(emulator.provider.listMisbehaviours()).toMatchObject([
      { kind: 'delay', endpoint: 'api', realm: 'google', timesLeft: 1 },
    ]);
    emulator.provider.clearMisbehaviours();
  });

  it('do not offer a rule where the demo cannot set one', async () => {
    await signIn('alice');
    expect(await readHome()).not.toContain('Set a rule that denies');
    expect((await browser.post(`${demoUrl}/trouble`, { trouble: 'rule', provider: 'acme' })).status).toBe(
      400,
    );
  });
});
