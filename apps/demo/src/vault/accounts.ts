import type { App, GrantInfo, RevokeGrantResult } from '@alter-ai/alter-sdk';

/** The current user's connected accounts, newest first; those taken back are left out. */
export async function listAccounts(app: App): Promise<readonly GrantInfo[]> {
  const accounts: GrantInfo[] = [];
  for await (const grant of app.listAllGrants()) if (grant.status !== 'revoked') accounts.push(grant);
  return accounts.sort((left, right) => right.createdAt.localeCompare(left.createdAt));
}

const atProvider: Record<RevokeGrantResult['providerRevocation'], string> = {
  confirmed: 'The provider confirmed that its tokens are void.',
  failed:
    'The provider did not answer, so its tokens may live until they expire; the vault has let go of them.',
  not_supported: 'The provider has no way to revoke tokens; the vault has let go of them.',
  kept_for_other_grants:
    'The provider was not asked, because another connection of this account would end too.',
};

/** What happened at the provider when access was taken back, in words. */
export function describeRevocation(result: RevokeGrantResult): string {
  return `Access is taken back, from now on. ${atProvider[result.providerRevocation]}`;
}
