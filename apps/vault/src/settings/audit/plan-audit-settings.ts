import {
  type AuditSettings,
  readAuditSettings,
  writeAuditSettings,
} from '../../audit/retention/audit-settings.js';
import type { SettingsWrite } from '../../storage/settings/app-writes.js';
import type { Change, PlanDeps } from '../apply/change.js';

/** What applying would do with the settings of the audit log, which belong to no app. */
export interface AuditSettingsPlan {
  readonly changes: readonly Change[];
  readonly writes: readonly SettingsWrite[];
}

/** Plans the settings of the audit log; `wanted` undefined leaves them, or with pruning takes them back. */
export async function planAuditSettings(
  deps: PlanDeps,
  wanted: { readonly retention_months?: number | null | undefined } | undefined,
  isPruning: boolean,
): Promise<AuditSettingsPlan> {
  const stored = await readAuditSettings(deps);
  const left: AuditSettings = isPruning ? { retentionMonths: null } : stored;
  const settings: AuditSettings =
    wanted?.retention_months === undefined ? left : { retentionMonths: wanted.retention_months };
  if (settings.retentionMonths === stored.retentionMonths) return { changes: [], writes: [] };
  return {
    changes: [{ action: 'change', kind: 'audit', app: '', name: 'audit', fields: ['retention_months'] }],
    writes: [writeAuditSettings(deps.keyring, settings)],
  };
}
