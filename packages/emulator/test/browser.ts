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

/** Opens an authorization address as this user and allows; gives the address the application is called back at. */
export async function authorize(
  url: string | URL,
  user = 'alice',
  stopAt = 'http://127.0.0.1:9/',
  without: string[] = [],
) {
  const browser = createBrowser(stopAt);
  const login = await browser.open(url);
  const consent = await press(browser, login, 'user', user);
  const done = await press(browser, consent, 'decision', 'allow', without);
  return done.url;
}
