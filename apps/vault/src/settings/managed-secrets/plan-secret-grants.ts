import { uuidv7 } from 'uuidv7';
import { writeGroupId } from '../../secrets/secret-principal.js';
import type { GrantRow } from '../../storage/live/grants/grants.js';
import { markProxyOnly } from '../../storage/secrets/mark-proxy-only.js';
import { insertSecretGrant, pointGrant, revokeSecretGrants } from '../../storage/secrets/secret-grants.js';
import type { PlanPart } from '../apply/change.js';
import type { SecretGrantEntry } from './managed-secret-schema.js';

/** A managed secret while its grants are planned. */
export interface PlannedSecret {
  readonly id: string;
  readonly slug: string;
  /** Ids of its credentials by label, those about to be stored among them. */
  readonly credentials: ReadonlyMap<string, string>;
  /** Ids of the credentials that do not leave the vault. */
  readonly lockedIds: ReadonlySet<string>;
  /** Label of the credential that a grant uses which names none. */
  readonly preferredLabel: string | undefined;
  /** Its live grants. */
  readonly grants: readonly GrantRow[];
}

/** A grant after applying. */
export interface PlannedGrant {
  readonly grant_id: string;
  readonly label: string;
  readonly credentialId: string;
}

/** Storing a secret answers a grant of the app's own, so that it can be used at once. */
const usualGrants: readonly SecretGrantEntry[] = [{ principal: { type: 'system' }, label: 'default' }];

/** Plans the grants of one managed secret; what is done is noted in `fields`. */
export function planSecretGrants(
  part: PlanPart,
  secret: PlannedSecret,
  given: readonly SecretGrantEntry[] | undefined,
  fields: string[],
): PlannedGrant[] {
  const entries = given ?? (secret.credentials.size > 0 && secret.grants.length === 0 ? usualGrants : []);
  const planned: PlannedGrant[] = [];
  const named = new Set<string>();
  for (const [index, entry] of entries.entries()) {
    const report = (name: string, message: string) => part.report(['grants', index, name], message);
    const principalId = findPrincipalId(part, entry);
    if (principalId === undefined) {
      report('principal', 'needs the identity_provider of the app, whose group it is');
      continue;
    }
    const name = `${entry.principal.type} ${principalId} ${entry.label}`;
    if (named.has(name)) report('label', 'is there twice');
    named.add(name);
    const row = secret.grants.find((grant) => nameOf(grant) === name);
    const label = entry.credential ?? (row ? undefined : secret.preferredLabel);
    const credentialId = label === undefined ? row?.credential_id : secret.credentials.get(label);
    if (credentialId === undefined) {
      report('credential', label === undefined ? 'needs a stored credential' : 'there is no such credential');
      continue;
    }
    const grantId = row?.id ?? uuidv7();
    planned.push({ grant_id: grantId, label: entry.label, credentialId });
    // Who was promised that nothing leaves through this grant keeps that promise when it gets another value.
    const isLocked = entry.proxy_only === true || (row && secret.lockedIds.has(row.credential_id)) === true;
    const isLocking = isLocked && !secret.lockedIds.has(credentialId);
    if (row && row.credential_id === credentialId && !isLocking) continue;
    fields.push(`grant ${entry.label}`);
    const { appId } = part;
    if (row) {
      part.writes.push(async (trx) => {
        await pointGrant(trx, { appId, grantId, secretId: secret.id }, credentialId);
      });
    } else planNewGrant(part, secret, entry, { grantId, principalId, credentialId });
    if (isLocking) part.writes.push((trx) => markProxyOnly(trx, { appId, credentialId }));
  }
  // Grants that were made elsewhere, by a user or through the API, are no business of the file's.
  for (const grant of secret.grants.filter((row) => !named.has(nameOf(row)))) {
    if (part.isPruning && isFromFile(grant)) {
      const key = { appId: part.appId, secretId: secret.id, grantId: grant.id };
      part.writes.push((trx) => revokeSecretGrants(trx, key, 'settings', part.nowMs));
      fields.push(`grant ${grant.label}`);
    } else {
      planned.push({ grant_id: grant.id, label: grant.label ?? '', credentialId: grant.credential_id });
    }
  }
  return planned;
}

function planNewGrant(
  part: PlanPart,
  secret: PlannedSecret,
  entry: SecretGrantEntry,
  ids: { grantId: string; principalId: string; credentialId: string },
): void {
  const { appId, nowMs } = part;
  part.writes.push((trx) =>
    insertSecretGrant(trx, {
      appId,
      id: ids.grantId,
      secretId: secret.id,
      slug: secret.slug,
      credentialId: ids.credentialId,
      principalType: entry.principal.type,
      principalId: ids.principalId,
      label: entry.label,
      expiresAtMs: null,
      policy: {
        created_by: 'developer',
        created_at: new Date(nowMs).toISOString(),
        is_from_file: true,
      },
      nowMs,
    }),
  );
}

function findPrincipalId(part: PlanPart, { principal }: SecretGrantEntry): string | undefined {
  if (principal.type === 'system') return 'system';
  return part.issuer === undefined ? undefined : writeGroupId(part.issuer, principal.group);
}

function nameOf(grant: GrantRow): string {
  return `${grant.principal_type} ${grant.principal_id} ${grant.label ?? ''}`;
}

function isFromFile(grant: GrantRow): boolean {
  return (JSON.parse(grant.policy_json ?? '{}') as { is_from_file?: unknown }).is_from_file === true;
}
