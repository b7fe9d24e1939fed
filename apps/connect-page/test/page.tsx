import type { ConnectProvider, ConnectView } from '@alter-ai/core-contract';
import { act } from 'react';
import { createRoot, type Root } from 'react-dom/client';
import { vi } from 'vitest';
import { App } from '../src/app.js';
import { takeEntry } from '../src/session/entry.js';

export const appOrigin = 'https://app.example';

export function makeProvider(
  id: string,
  name: string,
  change: Partial<ConnectProvider> = {},
): ConnectProvider {
  return { id, name, scopes: [{ scope: 'read', required: true }], parameters: [], connected: [], ...change };
}

export const grant: ConnectView['grants'][number] = {
  grant_id: '11111111-1111-4111-8111-111111111111',
  provider: 'acme',
  provider_name: 'Acme',
  account_identifier: 'ada@example.com',
  timestamp: '2026-01-01T00:00:00Z',
  operation: 'creation',
  scopes: ['read'],
  status: 'active',
};

export function makeView(change: Partial<ConnectView> = {}): ConnectView {
  return {
    handle: 'h1',
    state: 'open',
    app: { name: 'Northwind', logo_url: null, primary_color: null, website_url: null },
    providers: [makeProvider('acme', 'Acme')],
    key_entry: null,
    is_single_provider: true,
    is_direct: false,
    user: null,
    lifetime: { max_seconds: null, default_seconds: null },
    grants: [],
    declined: [],
    notice: null,
    mismatch: null,
    error: null,
    message_targets: [appOrigin],
    return_to: null,
    expires_at: new Date(Date.now() + 600_000).toISOString(),
    ...change,
  };
}

type Answer =
  | ConnectView
  | { authorization_url: string }
  | { status: number; body: object }
  | 'network down'
  | 'silence';

/** The page in a browser window, with the vault's answers by endpoint name. */
export class Page {
  answers: Record<string, Answer> = {};
  requests: { name: string; body: Record<string, unknown> }[] = [];
  posted: [message: { type: string; place?: string }, origin: string][] = [];
  assigned: string[] = [];
  replaced: string[] = [];
  hasClosed = false;
  private root: Root | undefined;

  constructor() {
    vi.useFakeTimers();
    vi.stubGlobal('IS_REACT_ACT_ENVIRONMENT', true);
    sessionStorage.clear();
    document.body.replaceChildren();
    vi.spyOn(location, 'assign').mockImplementation((url) => void this.assigned.push(String(url)));
    vi.spyOn(location, 'replace').mockImplementation((url) => void this.replaced.push(String(url)));
    vi.spyOn(window, 'close').mockImplementation(() => {
      this.hasClosed = true;
    });
    vi.stubGlobal('fetch', (url: string, init: RequestInit) => this.answer(url, init));
  }

  giveOpener(): void {
    const postMessage = (message: { type: string }, origin: string) => this.posted.push([message, origin]);
    Object.defineProperty(window, 'opener', { value: { postMessage }, configurable: true });
  }

  private answer(url: string, init: RequestInit): Promise<Response> {
    const name = url.replace('/sdk/oauth/connect/page/', '');
    this.requests.push({ name, body: JSON.parse(String(init.body)) });
    const answer = this.answers[name];
    if (answer === 'silence') {
      return new Promise((_, reject) => {
        setTimeout(() => reject(new DOMException('late', 'TimeoutError')), 15_000);
      });
    }
    if (answer === undefined || answer === 'network down')
      return Promise.reject(new TypeError('Failed to fetch'));
    const { status, body } = 'body' in answer ? answer : { status: 200, body: answer };
    return Promise.resolve(Response.json(body, { status }));
  }

  async show(address: string, open: Answer): Promise<void> {
    this.answers.open = open;
    history.replaceState(null, '', address);
    const container = document.body.appendChild(document.createElement('div'));
    this.root = createRoot(container);
    const entry = takeEntry();
    await act(async () => this.root?.render(<App entry={entry} />));
    await this.pass(10);
  }

  async pass(ms: number): Promise<void> {
    await act(() => vi.advanceTimersByTimeAsync(ms));
  }

  private name(control: Element): string {
    const parts = [...control.childNodes].map((node) =>
      node instanceof Element
        ? node.getAttribute('aria-hidden') === 'true'
          ? ''
          : this.name(node)
        : node.textContent,
    );
    return control.getAttribute('aria-label') ?? parts.join('');
  }

  /** The accessible names of the buttons. */
  buttons(): string[] {
    return [...document.querySelectorAll('button')].map((button) => this.name(button));
  }

  async press(name: string): Promise<void> {
    const found = [...document.querySelectorAll<HTMLElement>('button, a')].find(
      (control) => this.name(control) === name,
    );
    if (!found) throw new Error(`no control ${name} among ${this.buttons().join(' | ')}`);
    await act(async () => found.click());
    await this.pass(10);
  }

  /** Types into the field with this label. */
  async type(label: string, text: string): Promise<void> {
    const found = [...document.querySelectorAll('label')].find((one) => one.textContent === label);
    const input = document.getElementById(found?.htmlFor ?? '');
    if (!(input instanceof HTMLInputElement)) throw new Error(`no field ${label}`);
    await act(async () => {
      // React notices what goes by the property of the element's own class.
      Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value')?.set?.call(input, text);
      input.dispatchEvent(new Event('input', { bubbles: true }));
    });
  }

  title(): string | null | undefined {
    return document.querySelector('h1')?.textContent;
  }

  text(): string {
    return document.body.textContent ?? '';
  }

  async end(): Promise<void> {
    await act(async () => this.root?.unmount());
    Reflect.deleteProperty(window, 'opener');
    document.documentElement.removeAttribute('style');
    vi.restoreAllMocks();
    vi.unstubAllGlobals();
    vi.useRealTimers();
  }
}
