import canonicalize from 'canonicalize';
import { uuidv7 } from 'uuidv7';
import type { IdentityProviderRow, PolicyRow } from '../../storage/settings/app-rows.js';
import {
  insertIdentityProvider,
  insertPolicy,
  updateIdentityProvider,
  updatePolicy,
} from '../../storage/settings/app-writes.js';
import type { IdentityProviderEntry, PolicyEntry } from '../file/vault-file-schema.js';
import { type AppliedIdentityProvider, listDifferences, noteChange, type PlanPart } from './change.js';

/** Plans an app's identity provider; null in the file takes it out, absence only when pruning. Answers the one that stays. */
export function planIdentityProvider(
  part: PlanPart,
  row: IdentityProviderRow | null,
  entry: IdentityProviderEntry | null | undefined,
): AppliedIdentityProvider | null {
  if (!entry) {
    if (!row || (entry === undefined && !part.isPruning)) return row && { id: row.id, issuer: row.issuer };
    part.writes.push(updateIdentityProvider(part.appId, row.id, null));
    noteChange(part, 'identity_provider', row.issuer, 'remove');
    return null;
  }
  const facts = {
    issuer: entry.issuer,
    audience: entry.audience,
    claims_json: JSON.stringify({
      user_id: entry.claims.user_id,
      email: entry.claims.email,
      groups: entry.claims.groups,
    }),
  };
  if (!row) {
    const id = uuidv7();
    part.writes.push(
      insertIdentityProvider({
        app_id: part.appId,
        id,
        ...facts,
        sign_in_json: null,
        sealed_sign_in_secret: null,
        created_at: part.nowMs,
      }),
    );
    noteChange(part, 'identity_provider', entry.issuer, 'create');
    return { id, issuer: entry.issuer };
  }
  const fields = listDifferences(row, facts);
  if (fields.length > 0) part.writes.push(updateIdentityProvider(part.appId, row.id, facts));
  noteChange(part, 'identity_provider', entry.issuer, fields.length > 0 ? 'change' : 'unchanged', fields);
  return { id: row.id, issuer: entry.issuer };
}

/** Plans an app's policies: each is known by its name; ids stay. */
export function planPolicies(
  part: PlanPart,
  stored: readonly PolicyRow[],
  entries: readonly PolicyEntry[] | undefined,
): void {
  for (const entry of entries ?? []) {
    const row = stored.find((candidate) => candidate.name === entry.name);
    const facts = { ...readTarget(entry.target), rule_json: canonicalize(entry.rule) ?? 'null' };
    if (!row) {
      part.writes.push(
        insertPolicy({
          app_id: part.appId,
          id: uuidv7(),
          name: entry.name,
          ...facts,
          created_at: part.nowMs,
        }),
      );
      noteChange(part, 'policy', entry.name, 'create');
      continue;
    }
    const fields = listDifferences(row, facts);
    if (fields.length > 0) part.writes.push(updatePolicy(part.appId, row.id, facts));
    noteChange(part, 'policy', entry.name, fields.length > 0 ? 'change' : 'unchanged', fields);
  }
  if (!part.isPruning) return;
  const named = new Set((entries ?? []).map((entry) => entry.name));
  for (const row of stored) {
    if (named.has(row.name)) continue;
    part.writes.push(updatePolicy(part.appId, row.id, null));
    noteChange(part, 'policy', row.name, 'remove');
  }
}

function readTarget(target: PolicyEntry['target']): {
  target_kind: 'app' | 'provider' | 'grant';
  target_id: string | null;
} {
  if (target === 'app' || 'app' in target) return { target_kind: 'app', target_id: null };
  if ('provider' in target) return { target_kind: 'provider', target_id: target.provider };
  return { target_kind: 'grant', target_id: target.grant };
}
