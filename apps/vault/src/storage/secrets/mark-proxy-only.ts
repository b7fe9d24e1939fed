import type { Executor } from '../database/storage.js';
import type { CredentialKey } from '../live/credentials.js';

/** Marks a credential as one that does not leave the vault, through whichever grant (B7). Nothing takes the mark away. */
export async function markProxyOnly(executor: Executor, key: CredentialKey): Promise<void> {
  await executor
    .updateTable('credentials')
    .set({ is_proxy_only: 1 })
    .where('app_id', '=', key.appId)
    .where('id', '=', key.credentialId)
    .execute();
}
