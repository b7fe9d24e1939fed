/**
 * Whether `origin` is written exactly as a browser writes it and the app has registered it (C4).
 */
export function isRegisteredOrigin(origin: string, allowedOrigins: readonly string[]): boolean {
  return allowedOrigins.includes(origin) && readOrigin(origin) === origin;
}

function readOrigin(text: string): string | undefined {
  try {
    return new URL(text).origin;
  } catch {
    return undefined;
  }
}

/**
 * Whether `returnUrl` is one of the registered ones or below one, on a path boundary (C8). Compared after parsing, so that dot segments,
 * backslashes, userinfo and other spellings cannot lead elsewhere.
 */
export function isRegisteredReturnUrl(returnUrl: string, registered: readonly string[]): boolean {
  // Browsers drop these silently while parsing, so what is compared would not be what is shown.
  if (/[\t\n\r\\]/.test(returnUrl)) return false;
  let url: URL;
  try {
    url = new URL(returnUrl);
  } catch {
    return false;
  }
  if (url.username !== '' || url.password !== '') return false;
  return registered.some((entry) => {
    const base = new URL(entry);
    if (base.origin !== url.origin) return false;
    // `%2e` and `%2f` are read as dots and slashes by some servers behind the registered path.
    if (/%2e|%2f|%5c/i.test(url.pathname)) return false;
    if (url.pathname === base.pathname) return true;
    const folder = base.pathname.endsWith('/') ? base.pathname : `${base.pathname}/`;
    return url.pathname.startsWith(folder);
  });
}
