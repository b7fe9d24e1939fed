import { verifyAudit } from '../../audit/verify-audit.js';
import type { VaultDeps } from '../../deps.js';
import { countOf } from '../../keys/inspect/count-of.js';
import { listAppRows } from '../../storage/settings/app-rows.js';
import { checkDeliveries } from '../webhooks/check-deliveries.js';
import { checkClock } from './check-clock.js';
import { checkDatabase, checkPooler, checkRestore } from './check-database.js';
import { checkNetwork } from './check-network.js';
import { checkProviders } from './check-providers.js';
import { checkSecrets } from './check-secrets.js';
import { checkServer } from './check-server.js';
import type { DoctorCheck } from './doctor-check.js';

/** Looks at everything that commonly goes wrong, and changes nothing. With `hasNetwork` it also asks providers whether they answer. */
export async function runDoctor(
  deps: VaultDeps,
  options: { hasNetwork?: boolean } = {},
): Promise<DoctorCheck[]> {
  const loadApps = async () =>
    Promise.all((await listAppRows(deps.storage)).map((row) => deps.settings.load(row.id, row.version)));
  const parts: readonly [name: string, look: () => Promise<DoctorCheck[]>][] = [
    ['database', () => checkDatabase(deps)],
    ['pooler', () => checkPooler(deps)],
    ['clock', () => checkClock(deps)],
    ['keys', () => checkSecrets(deps)],
    ['server', () => checkServer(deps.config)],
    ['restore', () => checkRestore(deps)],
    ['providers', async () => checkProviders(deps, await loadApps())],
    ['audit', () => checkAudit(deps)],
    ['deliveries', () => checkDeliveries(deps)],
    ['network', async () => (options.hasNetwork === true ? checkNetwork(deps, await loadApps()) : [])],
  ];
  const checks: DoctorCheck[] = [];
  for (const [name, look] of parts)
    checks.push(...(await look().catch((error) => [describeFailure(name, error)])));
  return checks;
}

async function checkAudit(deps: VaultDeps): Promise<DoctorCheck[]> {
  const verdict = await verifyAudit(deps);
  const { records, chains, faults } = verdict;
  return verdict.isIntact
    ? [
        {
          name: 'audit',
          status: 'ok',
          message: `whole: ${countOf(records, 'record')} in ${countOf(chains, 'chain')}`,
        },
      ]
    : [{ name: 'audit', status: 'failed', message: faults.map((fault) => fault.description).join('; ') }];
}

/** One look that fails says so, and the others go on. Messages of libraries may quote what they were given. */
function describeFailure(name: string, error: unknown): DoctorCheck {
  const code = error instanceof Error && 'code' in error ? ` ${String(error.code)}` : '';
  const what = error instanceof Error ? error.name : 'unknown error';
  return { name, status: 'failed', message: `cannot be looked at: ${what}${code}` };
}
