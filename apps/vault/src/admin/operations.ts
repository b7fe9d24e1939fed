import { keyScopes } from '@alter-ai/core-contract';
import { z } from 'zod';
import type { VaultDeps } from '../deps.js';
import { listGrants } from '../grants/list-grants.js';
import { revokeGrant } from '../grants/revoke-grant.js';
import { ApiError } from '../http/api-error.js';
import { applySettings } from '../settings/apply/apply-settings.js';
import { exportSettings } from '../settings/export-settings.js';
import { checkSettings } from '../settings/file/read-file.js';
import type { AppSettings } from '../settings/settings-reader.js';
import { listAppRows } from '../storage/settings/app-rows.js';
import { findAppOfGrant, listApiKeys } from '../storage/settings/operator-rows.js';
import { proofOperations } from './audit/proof-operations.js';
import { auditOperations } from './audit-operations.js';
import { runDoctor } from './doctor/run-doctor.js';
import { keyOperations } from './keys/key-operations.js';
import { defineOperation, OperationError } from './operation.js';
import { secretOperations } from './secrets/secret-operations.js';
import { webhookOperations } from './webhooks/webhook-operations.js';

const app = z.string().max(63).optional();
const operator = 'operator';
const grantsPageMax = 100;

/** Everything that the `alter` command can have done. */
export const operations = {
  'settings.apply': defineOperation(
    {
      /** Contents with `{ env }` and `{ file }` already replaced by the one who calls. */
      files: z.array(z.strictObject({ label: z.string(), content: z.unknown() })).min(1),
      isPruning: z.boolean(),
      isDryRun: z.boolean(),
    },
    async (deps, input) => {
      const files = input.files.map(({ label, content }) => ({
        label,
        file: checkSettings(content, label, {
          isDevelopment: deps.config.isDevelopment,
          readVariable: () => undefined,
          readFile: () => '',
        }).file,
      }));
      return applySettings(deps, { ...input, files, appliedBy: operator });
    },
  ),
  'settings.export': defineOperation({}, (deps) => exportSettings(deps)),
  doctor: defineOperation({ hasNetwork: z.boolean().default(false) }, async (deps, input) => ({
    checks: await runDoctor(deps, input),
  })),
  /** Puts a backup on record; the copy itself is the work of the command, which holds up nobody. */
  'backup.begin': defineOperation({ file: z.string().max(255) }, async (deps, { file }) => {
    await deps.audit.append({
      kind: 'backup.created',
      appId: null,
      principal: operator,
      details: { file },
    });
    return {};
  }),
  'grants.list': defineOperation(
    {
      app,
      provider: z.string().max(64).optional(),
      status: z.string().max(32).optional(),
    },
    async (deps, input) => {
      const grants: Record<string, unknown>[] = [];
      for (const settings of await loadApps(deps, input.app)) {
        for await (const grant of listAllGrants(deps, settings, input))
          grants.push({ app: settings.slug, ...grant });
      }
      return { grants };
    },
  ),
  'grants.revoke': defineOperation(
    { grantId: z.string().max(64), reason: z.string().max(2000).optional() },
    async (deps, input) => {
      const appId = await findAppOfGrant(deps.storage, input.grantId);
      if (appId === undefined) throw new OperationError('grant_not_found', 'There is no such grant.');
      const revoked = await revokeGrant(deps, {
        appId,
        grantId: input.grantId,
        reason: input.reason ?? null,
        revokedBy: operator,
        record: { principal: operator },
      }).catch((error: unknown) => {
        // The grant is there: to an operator it may be said why it cannot be taken back.
        if (!(error instanceof ApiError && error.code === 'grant_not_found')) throw error;
        throw new OperationError('grant_revoked', 'This grant is revoked already.');
      });
      return {
        grant_id: revoked.grantId,
        revoked_at: new Date(revoked.revokedAtMs).toISOString(),
        provider_revocation: revoked.providerRevocation,
      };
    },
  ),
  providers: defineOperation({ app }, async (deps, input) => {
    const providers: Record<string, unknown>[] = [];
    for (const settings of await loadApps(deps, input.app)) {
      for (const provider of settings.providers.values()) {
        providers.push({
          app: settings.slug,
          id: provider.providerId,
          name: provider.displayName,
          is_configured: provider.clientId !== null,
          scopes: provider.scopes.map((scope) => scope.scope),
        });
      }
    }
    return { redirect_uri: `${deps.config.publicUrl}/oauth/callback`, providers };
  }),
  'keys.list': defineOperation({ app }, async (deps, input) => {
    const rows = await listApiKeys(deps.storage, input.app);
    return {
      keys: rows.map(({ scopes_json, expires_at, revoked_at, created_at, ...row }) => ({
        ...row,
        scopes: scopes_json === null ? [...keyScopes] : (JSON.parse(scopes_json) as string[]),
        expires_at: writeTime(expires_at),
        revoked_at: writeTime(revoked_at),
        created_at: writeTime(created_at),
      })),
    };
  }),
  ...proofOperations,
  ...auditOperations,
  ...keyOperations,
  ...secretOperations,
  ...webhookOperations,
} as const;

async function loadApps(deps: VaultDeps, slug: string | undefined): Promise<AppSettings[]> {
  const rows = (await listAppRows(deps.storage)).filter((row) => slug === undefined || row.slug === slug);
  if (slug !== undefined && rows.length === 0) {
    throw new OperationError('not_found', `There is no app ${slug}.`);
  }
  return Promise.all(rows.map((row) => deps.settings.load(row.id, row.version)));
}

async function* listAllGrants(
  deps: VaultDeps,
  settings: AppSettings,
  filter: { provider?: string | undefined; status?: string | undefined },
) {
  for (let offset = 0; ; offset += grantsPageMax) {
    const page = await listGrants(deps, settings, {
      provider_id: filter.provider,
      status: filter.status,
      limit: grantsPageMax,
      offset,
    });
    yield* page.grants;
    if (!page.has_more) return;
  }
}

function writeTime(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString();
}
