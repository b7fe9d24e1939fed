/** A scope as people can read it: the part of a URL that tells scopes apart, everything else as it is. */
export function shortenScope(scope: string): string {
  if (!/^https?:\/\//.test(scope)) return scope;
  const parts = scope.split('/').filter(Boolean);
  return parts.length > 2 ? (parts.at(-1) ?? scope) : (parts[1] ?? scope);
}

/** `1 permission`, `3 permissions`. */
export function countPermissions(count: number): string {
  return `${count} permission${count === 1 ? '' : 's'}`;
}
