/** What a provider says in `WWW-Authenticate: Bearer` (RFC 6750 §3). */
export interface BearerChallenge {
  readonly error: string | undefined;
  /** The scopes it names, split at spaces. */
  readonly scopes: readonly string[] | undefined;
}

const parameterPattern = /^[\s,]*([A-Za-z0-9_.-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))/;

/** Reads a challenge whose first scheme is Bearer; stops at the first thing that is no parameter of it. */
export function parseBearerChallenge(header: string | null): BearerChallenge | undefined {
  const match = header === null ? null : /^\s*bearer(?:\s+|$)/i.exec(header);
  if (match === null || header === null) return undefined;
  const parameters = new Map<string, string>();
  let rest = header.slice(match[0].length);
  for (let found = parameterPattern.exec(rest); found !== null; found = parameterPattern.exec(rest)) {
    const [whole, name = '', quoted, plain] = found;
    const value = quoted === undefined ? (plain ?? '') : quoted.replace(/\\(.)/g, '$1');
    if (!parameters.has(name.toLowerCase())) parameters.set(name.toLowerCase(), value);
    rest = rest.slice(whole.length);
  }
  const scopes = parameters.get('scope')?.split(' ').filter(Boolean);
  return { error: parameters.get('error'), scopes: scopes?.length ? scopes : undefined };
}
