const urlCharactersMax = 2_048;
const valueCharactersMax = 64;
const redacted = 'redacted';

const secretNames =
  /token|secret|passw|pwd|passphrase|signature|credential|assertion|authorization|api.?key|access.?key|private.?key|client.?key|subscription.?key|cookie|^(.*[-_.])?(key|code|sig|hmac|auth|jwt|otp|pin|sid|session|sessionid|state|nonce|pass|hash)$/i;
// Forms in which well-known services hand out secrets, wherever in an address they stand.
const secretForms =
  /(?:eyJ[\w-]+\.|ya29\.|gh[pousr]_|github_pat_|xox[a-z]-|sk[-_]|rk[-_]|pk_live|AKIA|ASIA|AIza|glpat-|shpat_|secret_|ntn_|alter_|bot\d+:)/;
const secretValues = new RegExp(`^${secretForms.source}`);
const secretSegments = new RegExp(`(?:^|/)${secretForms.source}`);

/**
 * An address as the audit log keeps it (A2): no userinfo, no fragment, query values redacted where their name or form says that
 * they are secret or where they are long, at most 2,048 characters. Works on what is no address too; never throws.
 */
export function redactUrl(url: string): string {
  const [beforeFragment = ''] = url.split('#', 1);
  const queryStart = beforeFragment.indexOf('?');
  const address = queryStart === -1 ? beforeFragment : beforeFragment.slice(0, queryStart);
  const query = queryStart === -1 ? '' : `?${redactQuery(beforeFragment.slice(queryStart + 1))}`;
  const whole = `${redactPath(dropUserinfo(address))}${query}`;
  return whole.length > urlCharactersMax ? `${whole.slice(0, urlCharactersMax - 1)}…` : whole;
}

function dropUserinfo(address: string): string {
  if (!address.includes('@')) return address;
  // A backslash counts as a slash for the parsers of browsers, and may not hide the userinfo.
  return address.replace(/^([a-z][a-z0-9+.-]*:)?([/\\]{2,})[^/\\]*@/i, '$1$2');
}

function redactPath(address: string): string {
  if (!secretSegments.test(address)) return address;
  return address
    .split('/')
    .map((segment) => (secretValues.test(segment) ? redacted : segment))
    .join('/');
}

function redactQuery(query: string): string {
  return query
    .split(/([&;])/)
    .map((part) => (part === '&' || part === ';' ? part : redactPair(part)))
    .join('');
}

function redactPair(pair: string): string {
  const equals = pair.indexOf('=');
  if (equals === -1) return isSecretValue(decode(pair)) ? redacted : pair;
  const name = pair.slice(0, equals);
  const value = pair.slice(equals + 1);
  if (value === '') return pair;
  const isSecret = secretNames.test(decode(name)) || isSecretValue(decode(value));
  return isSecret ? `${name}=${redacted}` : pair;
}

function isSecretValue(value: string): boolean {
  return value.length > valueCharactersMax || secretValues.test(value) || value.includes('://');
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return text;
  }
}
