const shownMax = 3;

/** The hosts that a key goes to, in words; `*.example.com` is every name below it. */
export function joinHosts(hosts: readonly string[]): string {
  const names = hosts.slice(0, shownMax).map((host) => host.replace(/^\*\./, 'hosts of '));
  const unique = [...new Set(names)];
  const rest = hosts.length - shownMax;
  if (rest > 0) return `${unique.join(', ')} and ${rest} more`;
  const last = unique.at(-1) ?? '';
  return unique.length < 2 ? last : `${unique.slice(0, -1).join(', ')} and ${last}`;
}
