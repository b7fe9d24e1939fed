/** A browser reduced to what sign-in needs: cookies, redirects, and pressing a named button. */
export type Browser = {
  /** Follows redirects until a page comes or the address begins with `stopAt`. */
  open(
    url: string | URL,
    init?: RequestInit,
  ): Promise<{ url: URL; html: string; headers: Headers; status: number }>;
};

export function createBrowser(stopAt: string): Browser {
  const jar = new Map<string, string>();
  return {
    async open(start, first) {
      let url = new URL(start);
      let init = first;
      for (let hop = 0; hop < 15; hop += 1) {
        const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ');
        const response = await fetch(url, {
          ...init,
          redirect: 'manual',
          headers: { ...init?.headers, cookie },
        });
        for (const line of response.headers.getSetCookie()) {
          const [pair = ''] = line.split(';');
          jar.set(pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1));
        }
        const location = response.headers.get('location');
        if (!location) {
          return { url, html: await response.text(), headers: response.headers, status: response.status };
        }
        url = new URL(location, url);
        init = undefined;
        if (url.href.startsWith(stopAt)) return { url, html: '', headers: response.headers, status: 303 };
      }
      throw new Error('too many redirects');
    },
  };
}

/** Presses the button with this name and value; ticked boxes go along unless their value is in `without`. */
export async function press(
  browser: Browser,
  page: { url: URL; html: string },
  name: string,
  value: string,
  without: string[] = [],
) {
  const action = /<form method="post" action="([^"]+)"/.exec(page.html)?.[1];
  const button = new RegExp(`<button[^>]*name="${name}" value="${value}"`).test(page.html);
  if (!action || !button) throw new Error(`no button ${name}=${value} in ${page.html.slice(0, 400)}`);
  const form = new URLSearchParams({ [name]: value });
  for (const [, scope = ''] of page.html.matchAll(/type="checkbox" name="scope" value="([^"]+)" checked/g)) {
    const text = scope.replaceAll(/&#(\d+);/g, (_all, code: string) => String.fromCharCode(Number(code)));
    if (!without.includes(text)) form.append('scope', text);
  }
  return browser.open(new URL(action, page.url), { method: 'POST', body: form });
}

/** What `driveAuthorization` does on the emulator's pages. */
export type DriveOptions = {
  /** Who signs in; default `alice`. */
  user?: string;
  /** Default `allow`. */
  decision?: 'allow' | 'deny';
  /** The address to stop before, by its beginning: where the application is called back. */
  stopAt: string;
  /** Scopes whose box is unticked. */
  without?: string[];
};

/**
 * Does without a browser what a person does on the emulator's pages: opens an authorization address, signs in, allows or denies.
 * @returns the address that the application would be called back at.
 */
export async function driveAuthorization(url: string | URL, options: DriveOptions): Promise<URL> {
  const browser = createBrowser(options.stopAt);
  const login = await browser.open(url);
  const consent = await press(browser, login, 'user', options.user ?? 'alice');
  const done = await press(browser, consent, 'decision', options.decision ?? 'allow', options.without ?? []);
  return done.url;
}
