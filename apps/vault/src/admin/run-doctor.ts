import { verifyAudit } from '../audit/verify-audit.js';
import type { VaultDeps } from '../deps.js';
import { checkKeys } from '../keys/inspect/check-keys.js';
import { listAppliedMigrations, migrations } from '../storage/migrations/migrate.js';
import { listAppRows } from '../storage/settings/app-rows.js';
import { readDatabaseClock } from '../storage/settings/operator-rows.js';

/** One thing that was looked at. */
export interface DoctorCheck {
  readonly name: string;
  readonly status: 'ok' | 'warning' | 'failed' | 'info';
  readonly message: string;
}

const clockSkewMsMax = 5_000;

/** Looks at everything that commonly goes wrong, and changes nothing. */
export async function runDoctor(deps: VaultDeps): Promise<DoctorCheck[]> {
  const { config, keyring } = deps;
  const checks: DoctorCheck[] = [];
  const report = (name: string, status: DoctorCheck['status'], message: string) =>
    checks.push({ name, status, message });

  report('database', ...(await checkDatabase(deps)));
  report('clock', ...(await checkClock(deps)));
  const failures = keyring.countOpenFailures();
  if (failures === 0) report('keys', 'ok', 'the root key opens this database');
  else report('keys', 'failed', `${failures} sealed values did not open since the start`);
  report('public url', config.isDevelopment ? 'info' : checkPublicUrl(config.publicUrl), config.publicUrl);
  report('redirect uri', 'info', `register ${config.publicUrl}/oauth/callback at every provider`);
  checks.push(...(await checkKeys(deps)));
  for (const app of await listAppRows(deps.storage)) await checkApp(deps, app.id, report);
  const verdict = await verifyAudit(deps);
  if (verdict.isIntact) {
    report('audit', 'ok', `${verdict.records} records in ${verdict.chains} chains are whole`);
  } else report('audit', 'failed', verdict.faults.map((fault) => fault.description).join('; '));
  return checks;
}

async function checkDatabase(deps: VaultDeps): Promise<[DoctorCheck['status'], string]> {
  if (!(await deps.storage.isUsable())) return ['failed', 'the database does not answer'];
  const applied = await listAppliedMigrations(deps.storage);
  const isCurrent = applied.length === migrations.length;
  return [
    isCurrent ? 'ok' : 'failed',
    `${deps.storage.kind}, ${applied.length} of ${migrations.length} migrations applied`,
  ];
}

async function checkClock(deps: VaultDeps): Promise<[DoctorCheck['status'], string]> {
  const databaseMs = await readDatabaseClock(deps.storage);
  const skewMs = Math.abs(databaseMs - deps.clock());
  const isRight = skewMs <= clockSkewMsMax;
  return [
    isRight ? 'ok' : 'warning',
    `${new Date(deps.clock()).toISOString()}, ${skewMs} ms from the database's`,
  ];
}

function checkPublicUrl(publicUrl: string): DoctorCheck['status'] {
  return publicUrl.startsWith('https:') ? 'ok' : 'warning';
}

async function checkApp(
  deps: VaultDeps,
  appId: string,
  report: (name: string, status: DoctorCheck['status'], message: string) => void,
): Promise<void> {
  const settings = await deps.settings.loadCurrent(appId);
  for (const provider of settings.providers.values()) {
    const name = `${settings.slug}/${provider.providerId}`;
    const isPublic = provider.definition.token_endpoint_auth_method === 'none';
    try {
      const secrets = await provider.clientSecrets();
      if (provider.clientId === null) report(name, 'warning', 'has no client id, so nobody can connect');
      else if (secrets.length === 0 && !isPublic) report(name, 'warning', 'has no client secret');
      else report(name, 'ok', 'client configured');
    } catch {
      report(name, 'failed', 'its client secret does not open');
    }
  }
}
