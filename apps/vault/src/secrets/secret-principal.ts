/**
 * The id that a group has as principal of a grant: its issuer is part of it, because another identity provider's group of the
 * same name is another group. No issuer has a space.
 */
export function writeGroupId(issuer: string, group: string): string {
  return `${issuer} ${group}`;
}

/** Group principals of a verified user. */
export function listGroupIds(user: { issuer: string; groups: readonly string[] } | undefined): string[] {
  return (user?.groups ?? []).map((group) => writeGroupId(user?.issuer ?? '', group));
}
