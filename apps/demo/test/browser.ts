import type { Demo } from '../src/app.js';

/** Enough of a browser to sign in: cookies for each origin, redirects, forms. */
export interface Browser {
  get(url: string): Promise<Response>;
  post(url: string, fields: Record<string, string>, headers?: Record<string, string>): Promise<Response>;
  cookies(origin: string): Map<string, string>;
}

/** `demo` answers for `demoUrl` without a socket; everything else is fetched. Redirects are given back, not followed. */
export function createBrowser(demo: Demo, demoUrl: string): Browser {
  const jars = new Map<string, Map<string, string>>();
  const cookies = (origin: string) => {
    const jar = jars.get(origin) ?? new Map<string, string>();
    jars.set(origin, jar);
    return jar;
  };
  async function send(url: string, init: RequestInit): Promise<Response> {
    const { origin } = new URL(url);
    const jar = cookies(origin);
    const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ');
    const headers = { ...init.headers, ...(cookie ? { cookie } : {}) };
    const request = { ...init, headers, redirect: 'manual' as const };
    const response = origin === demoUrl ? await demo.app.request(url, request) : await fetch(url, request);
    for (const line of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      if (/max-age=0/i.test(line) || value === '') jar.delete(name);
      else jar.set(name, value);
    }
    return response;
  }
  return {
    get: (url) => send(url, {}),
    post: (url, fields, headers = {}) =>
      send(url, {
        method: 'POST',
        headers: {
          'content-type': 'application/x-www-form-urlencoded',
          origin: new URL(url).origin,
          ...headers,
        },
        body: new URLSearchParams(fields).toString(),
      }),
    cookies,
  };
}

/** Follows redirects by GET until there is a page or the next address is at `stopAt`. */
export async function follow(browser: Browser, first: Response, from: string, stopAt?: string) {
  let [response, url] = [first, from];
  for (let hop = 0; hop < 10 && response.status >= 300 && response.status < 400; hop += 1) {
    url = new URL(response.headers.get('location') ?? '', url).href;
    if (stopAt !== undefined && url.startsWith(stopAt)) return { response, url };
    response = await browser.get(url);
  }
  return { response, url };
}

/** Signs in at the emulated identity provider as `user`; gives the callback's address, not yet visited. */
export async function beginSignIn(browser: Browser, demoUrl: string, user: string): Promise<string> {
  const start = `${demoUrl}/sign-in`;
  const login = await follow(browser, await browser.get(start), start);
  const action = /action="([^"]+)"/.exec(await login.response.text())?.[1] ?? '';
  const target = new URL(action.replaceAll('&#38;', '&'), login.url).href;
  const answer = await browser.post(target, { user });
  return (await follow(browser, answer, target, `${demoUrl}/`)).url;
}
