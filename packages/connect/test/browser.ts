import { vi } from 'vitest';

export const vault = 'https://vault.example';
export const token = `alter_cs_secret.${btoa(vault).replace(/=+$/, '')}`;
export const grant = {
  grant_id: '11111111-1111-4111-8111-111111111111',
  provider: 'acme',
  provider_name: 'Acme',
  account_identifier: 'ada@example.com',
  timestamp: '2026-01-01T00:00:00Z',
  operation: 'creation',
  scopes: ['read'],
  status: 'active',
};

/** The window that `window.open` gives: what the library sees of a popup, and what a user does to it. */
export class Popup {
  closed = false;
  addresses: string[] = [];
  location = { replace: (href: string) => this.addresses.push(href) };
  close(): void {
    this.closed = true;
  }
}

/** A browser page with a popup and a vault that answers the status endpoint. */
export class Scene {
  popup = new Popup();
  isPopupBlocked = false;
  /** The answers the vault gives, one for each request; the last one is repeated. A number is a bare status code. */
  answers: (Record<string, unknown> | number | 'network down')[] = [{ status: 'pending' }];
  requests: { url: string; body: Record<string, unknown> }[] = [];
  opened: [href: string, name: string, features: string][] = [];
  left: string[] = [];

  constructor() {
    vi.useFakeTimers();
    sessionStorage.clear();
    document.body.replaceChildren();
    history.replaceState({}, '', '/');
    vi.spyOn(document, 'hasFocus').mockReturnValue(true);
    vi.spyOn(window, 'open').mockImplementation((href, name, features) => {
      this.opened.push([String(href), String(name), String(features)]);
      return this.isPopupBlocked ? null : (this.popup as unknown as Window);
    });
    vi.spyOn(location, 'assign').mockImplementation((href) => void this.left.push(String(href)));
    vi.stubGlobal('fetch', (url: string, init: RequestInit) => this.answer(url, init));
  }

  private async answer(url: string, init: RequestInit): Promise<Response> {
    const body = JSON.parse(String(init.body));
    this.requests.push({ url, body });
    const answer = this.answers.length > 1 ? this.answers.shift() : this.answers[0];
    if (answer === 'network down') throw new TypeError('Failed to fetch');
    // The vault holds a pending answer back for as long as it was asked to.
    if (typeof answer === 'object' && answer.status === 'pending') {
      await new Promise((resolve) => setTimeout(resolve, body.wait_ms));
    }
    return new Response(JSON.stringify(answer), { status: typeof answer === 'number' ? answer : 200 });
  }

  /** What the connect page posts to its opener. */
  post(data: unknown, origin = vault): void {
    window.dispatchEvent(new MessageEvent('message', { data, origin }));
  }

  setScreen(width: number, height: number, touchPoints: number): void {
    vi.stubGlobal('innerWidth', width);
    vi.stubGlobal('innerHeight', height);
    vi.spyOn(navigator, 'maxTouchPoints', 'get').mockReturnValue(touchPoints);
  }

  /** What the published library left in the tab before its redirect, or ours with `session`. */
  rememberRedirect(agoMs: number, session?: Record<string, string>): void {
    const state = { timestamp: Date.now() - agoMs, returnUrl: `${location.origin}/settings?tab=2`, session };
    sessionStorage.setItem('alter_oauth_state', JSON.stringify(state));
  }

  async pass(ms: number): Promise<void> {
    await vi.advanceTimersByTimeAsync(ms);
  }

  end(): void {
    vi.restoreAllMocks();
    vi.unstubAllGlobals();
    vi.useRealTimers();
  }
}
