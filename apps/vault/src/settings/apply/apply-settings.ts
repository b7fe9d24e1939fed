import { readAuditSettings } from '../../audit/retention/audit-settings.js';
import type { VaultDeps } from '../../deps.js';
import { listAppRows, readAppRows } from '../../storage/settings/app-rows.js';
import { SettingsConflictError } from '../../storage/settings/app-writes.js';
import { type AuditSettingsPlan, planAuditSettings } from '../audit/plan-audit-settings.js';
import { type FileProblem, formatFilePath, SettingsFileError } from '../file/settings-file-error.js';
import type { VaultFile } from '../file/vault-file-schema.js';
import type { AppliedWebhook } from '../webhooks/plan-webhooks.js';
import type { AppliedIdentityProvider, AppliedKey, AppliedSecret, Change } from './change.js';
import { type AppPlan, planApp, planAppRemoval } from './plan-app.js';

/** What applying needs. */
export type ApplyDeps = Pick<VaultDeps, 'storage' | 'keyring' | 'clock' | 'audit'>;

/** One file of settings with its name for messages. */
export interface LabelledFile {
  readonly label: string;
  readonly file: VaultFile;
}

/** What was or would be done. */
export interface ApplyResult {
  readonly changes: readonly Change[];
  readonly apps: readonly {
    readonly slug: string;
    readonly id: string;
    readonly api_keys: readonly AppliedKey[];
    readonly webhooks: readonly AppliedWebhook[];
    readonly managed_secrets: readonly AppliedSecret[];
    readonly identity_provider: AppliedIdentityProvider | null;
  }[];
}

const attemptsMax = 5;

/**
 * Applies files of settings: a mistake changes nothing at all, one transaction makes every change, and applying twice
 * changes nothing the second time.
 * @throws SettingsFileError
 */
export async function applySettings(
  deps: ApplyDeps,
  input: { files: readonly LabelledFile[]; isPruning: boolean; isDryRun?: boolean; appliedBy: string },
): Promise<ApplyResult> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await applyOnce(deps, input);
    } catch (error) {
      // Several processes may apply the same file at their start: whoever lost finds nothing left to do.
      if (!(error instanceof SettingsConflictError) || attempt >= attemptsMax) throw error;
    }
  }
}

async function applyOnce(
  deps: ApplyDeps,
  input: { files: readonly LabelledFile[]; isPruning: boolean; isDryRun?: boolean; appliedBy: string },
): Promise<ApplyResult> {
  const plans = await planAll(deps, input.files, input.isPruning);
  const audit = await planAuditSettings(deps, findAuditEntry(input.files), input.isPruning);
  const changes = [...audit.changes, ...plans.flatMap((plan) => plan.changes)];
  const apps = plans.map((plan) => ({
    slug: plan.slug,
    id: plan.appId,
    api_keys: plan.apiKeys,
    webhooks: plan.webhooks,
    managed_secrets: plan.managedSecrets,
    identity_provider: plan.identityProvider,
  }));
  if (input.isDryRun === true) return { changes, apps: hideMinted(apps) };
  const writes = [...audit.writes, ...plans.flatMap((plan) => plan.writes)];
  if (writes.length > 0) {
    // On the disk first (A4): whoever is killed after the commit leaves no change that nobody wrote down.
    await recordBegin(deps, audit, plans, input.appliedBy);
    await deps.storage.transaction(async (trx) => {
      for (const write of writes) await write(trx);
    });
  }
  await recordAuditChange(deps, audit, input.appliedBy);
  await recordChanges(deps, plans, input.appliedBy);
  return { changes, apps };
}

async function planAll(
  deps: ApplyDeps,
  files: readonly LabelledFile[],
  isPruning: boolean,
): Promise<AppPlan[]> {
  const problems: FileProblem[] = [];
  const plans: AppPlan[] = [];
  const slugs = new Set<string>();
  for (const { label, file } of files) {
    for (const [index, app] of file.apps.entries()) {
      const report = (path: readonly PropertyKey[], message: string) =>
        problems.push({ file: label, path: formatFilePath(['apps', index, ...path]), message });
      if (slugs.has(app.slug)) report(['slug'], 'is in another file already');
      slugs.add(app.slug);
      plans.push(await planApp(deps, app, { isPruning, report }));
    }
  }
  if (problems.length > 0) throw new SettingsFileError(problems);
  if (isPruning) {
    for (const app of await listAppRows(deps.storage)) {
      if (slugs.has(app.slug)) continue;
      const rows = await readAppRows(deps.storage, { appId: app.id });
      if (rows) plans.push(planAppRemoval(rows, deps.clock()));
    }
  }
  return plans;
}

function hideMinted(apps: ApplyResult['apps']): ApplyResult['apps'] {
  return apps.map((app) => ({
    ...app,
    api_keys: app.api_keys.map(({ name, id }) => ({ name, id })),
    webhooks: app.webhooks.map(({ name, id }) => ({ name, id })),
  }));
}

/** Each setting of the log counts where it is given last. */
function findAuditEntry(files: readonly LabelledFile[]): VaultFile['audit'] {
  const entries = files.flatMap(({ file }) => file.audit ?? []);
  return entries.length === 0 ? undefined : Object.assign({}, ...entries);
}

async function recordBegin(
  deps: ApplyDeps,
  audit: AuditSettingsPlan,
  plans: readonly AppPlan[],
  appliedBy: string,
): Promise<void> {
  for (const { appId, changes } of [{ appId: null, changes: audit.changes }, ...plans]) {
    const begun = describeChanges(changes);
    if (begun.length === 0) continue;
    await deps.audit.append({
      kind: 'settings.applying',
      appId,
      principal: appliedBy,
      details: { changes: begun },
    });
  }
}

/** What is changed, by name; never a value. */
function describeChanges(changes: readonly Change[]) {
  return changes
    .filter((change) => change.action !== 'unchanged')
    .map(({ action, kind, name, fields }) => ({ action, kind, name, fields: [...fields] }));
}

async function recordAuditChange(
  deps: ApplyDeps,
  { changes }: AuditSettingsPlan,
  appliedBy: string,
): Promise<void> {
  if (changes.length === 0) return;
  const { retentionMonths } = await readAuditSettings(deps);
  await deps.audit.append({
    kind: 'settings.applied',
    appId: null,
    outcome: 'ok',
    principal: appliedBy,
    details: { audit: { retention_months: retentionMonths } },
  });
}

async function recordChanges(deps: ApplyDeps, plans: readonly AppPlan[], appliedBy: string): Promise<void> {
  for (const plan of plans) {
    const done = plan.changes.filter((change) => change.action !== 'unchanged');
    if (done.length === 0) continue;
    await deps.audit.append({
      kind: 'settings.applied',
      appId: plan.appId,
      outcome: 'ok',
      principal: appliedBy,
      details: { changes: describeChanges(plan.changes) },
    });
    for (const change of done) {
      const key = plan.apiKeys.find((item) => change.kind === 'api_key' && item.name === change.name);
      if (!key || change.action === 'remove') continue;
      if (change.action === 'change' && !change.fields.includes('value')) continue;
      await deps.audit.append({
        kind: 'key.minted',
        appId: plan.appId,
        apiKeyId: key.id,
        principal: appliedBy,
        details: { name: key.name, is_from_file: key.value === undefined },
      });
    }
  }
}
