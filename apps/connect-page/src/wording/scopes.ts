/** Scopes that mean the same everywhere (OpenID Connect Core section 5.4 and 11). */
const standardScopes = new Map([
  ['openid', 'Know which account is yours'],
  ['email', 'See your email address'],
  ['profile', 'See your name and picture'],
  ['offline_access', 'Keep access while you are away'],
]);

/** A scope as people can read it: the standard ones in words, of a URL the part that tells scopes apart, everything else as it is. */
export function describeScope(scope: string): string {
  return standardScopes.get(scope) ?? shortenScope(scope);
}

function shortenScope(scope: string): string {
  if (!/^https?:\/\//.test(scope)) return scope;
  const parts = scope.split('/').filter(Boolean);
  return parts.length > 2 ? (parts.at(-1) ?? scope) : (parts[1] ?? scope);
}

/** `1 permission`, `3 permissions`. */
export function countPermissions(count: number): string {
  return `${count} permission${count === 1 ? '' : 's'}`;
}
