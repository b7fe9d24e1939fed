import type { VaultDeps } from '../../deps.js';
import {
  findRenewalFacts,
  listAppVersions,
  storeRenewalFacts,
  unplanRenewals,
} from '../../storage/live/due/renewals.js';
import { describeRenewalFacts } from './plan-renewal.js';

const pageSize = 1_000;

/**
 * Finds the providers whose lifetimes are others than those their credentials were planned with (another setting, a newer
 * catalogue), and marks those credentials for planning. `checked` keeps, from run to run, the version each app was looked at.
 */
export async function markChangedLifetimes(
  deps: Pick<VaultDeps, 'storage' | 'settings'>,
  checked: Map<string, number>,
  signal: AbortSignal,
): Promise<void> {
  for (const app of await listAppVersions(deps.storage)) {
    if (signal.aborted) return;
    if (checked.get(app.id) === app.version) continue;
    const settings = await deps.settings.load(app.id, app.version);
    const known = await findRenewalFacts(deps.storage, app.id);
    for (const provider of settings.providers.values()) {
      const facts = describeRenewalFacts(provider.definition);
      if (known.get(provider.configId) === facts) continue;
      const config = { appId: app.id, configId: provider.configId };
      if (!(await markAll(deps, config, signal))) return;
      await storeRenewalFacts(deps.storage, config, facts);
    }
    checked.set(app.id, app.version);
  }
}

async function markAll(
  deps: Pick<VaultDeps, 'storage'>,
  config: { appId: string; configId: string },
  signal: AbortSignal,
): Promise<boolean> {
  let afterId: string | undefined = '';
  while (afterId !== undefined) {
    if (signal.aborted) return false;
    afterId = await unplanRenewals(deps.storage, config, { afterId, limit: pageSize });
  }
  return true;
}
