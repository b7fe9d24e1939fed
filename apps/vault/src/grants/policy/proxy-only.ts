/** Whether a grant's stored policy says that its credential does not leave the vault (B7). */
export function isProxyOnlyPolicy(policyJson: string | null | undefined): boolean {
  // Nearly no grant has it, and this is asked at every call.
  if (!policyJson?.includes('proxy_only')) return false;
  return (JSON.parse(policyJson) as { proxy_only?: unknown }).proxy_only === true;
}

/**
 * The field of a new policy: what is wanted now, and what the grant that is replaced or copied had. A credential that was to stay
 * in the vault is never let out by connecting again or by a sibling.
 */
export function keepProxyOnly(
  isWanted: boolean,
  before: { readonly policy_json: string | null } | undefined,
): { proxy_only?: true } {
  return isWanted || isProxyOnlyPolicy(before?.policy_json) ? { proxy_only: true } : {};
}
