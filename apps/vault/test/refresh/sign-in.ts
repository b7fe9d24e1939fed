/** Signs in at the emulator's pages as a browser would and allows everything. @returns where the application is called back */
export async function signIn(authorizeUrl: URL, user: string, stopAt: string): Promise<URL> {
  const open = createBrowser(stopAt);
  const login = await open(authorizeUrl);
  const consent = await press(open, login, 'user', user);
  return (await press(open, consent, 'decision', 'allow')).url;
}

interface Page {
  readonly url: URL;
  readonly html: string;
}
type Open = (url: URL, init?: RequestInit) => Promise<Page>;

function createBrowser(stopAt: string): Open {
  const jar = new Map<string, string>();
  return async (start, first) => {
    let url = start;
    let init = first;
    for (let hop = 0; hop < 15; hop += 1) {
      const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ');
      const response = await fetch(url, { ...init, redirect: 'manual', headers: { cookie } });
      for (const line of response.headers.getSetCookie()) {
        const [pair = ''] = line.split(';');
        jar.set(pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1));
      }
      const location = response.headers.get('location');
      if (!location) return { url, html: await response.text() };
      url = new URL(location, url);
      init = undefined;
      if (url.href.startsWith(stopAt)) return { url, html: '' };
    }
    throw new Error('too many redirects');
  };
}

function press(open: Open, page: Page, name: string, value: string): Promise<Page> {
  const action = /<form method="post" action="([^"]+)"/.exec(page.html)?.[1];
  if (!action) throw new Error(`no form in ${page.html.slice(0, 300)}`);
  const form = new URLSearchParams({ [name]: value });
  for (const [, scope = ''] of page.html.matchAll(/type="checkbox" name="scope" value="([^"]+)" checked/g)) {
    form.append(
      'scope',
      scope.replaceAll(/&#(\d+);/g, (_all, code: string) => String.fromCharCode(Number(code))),
    );
  }
  return open(new URL(action, page.url), { method: 'POST', body: form });
}
