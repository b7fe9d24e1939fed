import { listSecretTemplates } from '@alter-ai/oauth-providers';
import { z } from 'zod';
import type { VaultDeps } from '../../deps.js';
import { takeOutCredential, takeOutSecret } from '../../secrets/take-out-secret.js';
import { applySettings } from '../../settings/apply/apply-settings.js';
import { checkSettings } from '../../settings/file/read-file.js';
import type { ManagedSecretSettings } from '../../settings/managed-secrets/build-managed-secret.js';
import { describeDefinition } from '../../settings/managed-secrets/export-managed-secret.js';
import {
  defaultCredentialLabel,
  writeSecretValues,
} from '../../settings/managed-secrets/managed-secret-schema.js';
import type { AppSettings } from '../../settings/settings-reader.js';
import { listSecretCredentials } from '../../storage/secrets/secret-credentials.js';
import { listSecretGrants } from '../../storage/secrets/secret-grants.js';
import { listAppRows } from '../../storage/settings/app-rows.js';
import { defineOperation, OperationError } from '../operation.js';

const app = z.string().max(63).optional();
const slug = z.string().max(50);
const operator = 'operator';

/** What an operator does with managed secrets. No answer holds a value. */
export const secretOperations = {
  'secrets.list': defineOperation({ app }, async (deps, input) => {
    const secrets: Record<string, unknown>[] = [];
    for (const row of await listAppRows(deps.storage)) {
      if (input.app !== undefined && row.slug !== input.app) continue;
      const settings = await deps.settings.load(row.id, row.version);
      for (const secret of settings.managedSecrets.values())
        secrets.push(await describe(deps, settings, secret));
    }
    return { secrets };
  }),
  'secrets.templates': defineOperation({}, async () => ({ templates: [...listSecretTemplates()] })),
  /** Adds a managed secret, or changes what it is; the entry is that of the configuration file, without values. */
  'secrets.add': defineOperation({ app, entry: z.record(z.string(), z.unknown()) }, async (deps, input) => {
    const settings = await findApp(deps, input.app);
    return putSecret(deps, settings, input.entry);
  }),
  /** Stores a value under a label, or replaces it; grants that use it keep their ids. */
  'secrets.store': defineOperation(
    {
      app,
      slug,
      label: z.string().max(255).optional(),
      fields: z.record(z.string().max(64), z.string().max(8192)),
    },
    async (deps, input) => {
      const { settings, secret } = await findSecret(deps, input);
      const label = input.label ?? defaultCredentialLabel;
      const credentials = [{ label, ...writeSecretValues(input.fields) }];
      return putSecret(deps, settings, {
        ...describeDefinition(secret.slug, secret.definition),
        credentials,
      });
    },
  ),
  /** Makes a grant of the app's own under a label, or points it at another credential; its id stays. */
  'secrets.grant': defineOperation(
    { app, slug, label: z.string().max(255), credential: z.string().max(255).optional() },
    async (deps, input) => {
      const { settings, secret } = await findSecret(deps, input);
      const { label, credential } = input;
      const grant = {
        principal: { type: 'system' },
        label,
        ...(credential === undefined ? {} : { credential }),
      };
      const entry = { ...describeDefinition(secret.slug, secret.definition), grants: [grant] };
      return putSecret(deps, settings, entry);
    },
  ),
  'secrets.remove': defineOperation(
    { app, slug, credential: z.string().max(255).optional() },
    async (deps, input) => {
      const { settings, secret } = await findSecret(deps, input);
      const of = { settings, secret, by: operator };
      if (input.credential === undefined) return { revoked_grants: await takeOutSecret(deps, of) };
      await takeOutCredential(deps, { ...of, label: input.credential });
      return { revoked_grants: [] };
    },
  ),
} as const;

async function putSecret(deps: VaultDeps, settings: AppSettings, entry: Record<string, unknown>) {
  const content = {
    version: 1,
    apps: [{ slug: settings.slug, name: settings.name, managed_secrets: [entry] }],
  };
  const { file } = checkSettings(content, 'managed secret', {
    isDevelopment: deps.config.isDevelopment,
    readVariable: () => undefined,
    readFile: () => '',
  });
  const result = await applySettings(deps, {
    files: [{ label: 'managed secret', file }],
    isPruning: false,
    appliedBy: operator,
  });
  const change = result.changes.find(({ kind }) => kind === 'managed_secret');
  const applied = result.apps[0]?.managed_secrets[0];
  return {
    action: change?.action ?? 'unchanged',
    managed_secret_id: applied?.id ?? '',
    slug: applied?.slug ?? '',
    grants: applied?.grants ?? [],
  };
}

async function describe(deps: VaultDeps, settings: AppSettings, secret: ManagedSecretSettings) {
  const { name, kind, template, hosts } = secret.definition;
  const credentials = await listSecretCredentials(deps.storage, settings.appId, secret.id);
  const grants = await listSecretGrants(deps.storage, settings.appId, secret.id);
  return {
    app: settings.slug,
    managed_secret_id: secret.id,
    slug: secret.slug,
    name,
    kind,
    template,
    hosts: [...hosts],
    credentials: credentials.map((credential) => ({
      id: credential.id,
      label: credential.label,
      stored_at: new Date(credential.updated_at).toISOString(),
      grants: grants.filter((grant) => grant.credential_id === credential.id).length,
    })),
    grants: grants.map((grant) => ({
      grant_id: grant.id,
      principal_type: grant.principal_type,
      label: grant.label,
    })),
  };
}

async function findSecret(deps: VaultDeps, input: { app?: string | undefined; slug: string }) {
  const settings = await findApp(deps, input.app);
  const secret = settings.managedSecrets.get(input.slug);
  if (!secret) throw new OperationError('secret_not_found', `There is no managed secret ${input.slug}.`);
  return { settings, secret };
}

/** The app of a slug; without one the only app there is. */
async function findApp(deps: VaultDeps, wanted: string | undefined): Promise<AppSettings> {
  const rows = (await listAppRows(deps.storage)).filter((row) => wanted === undefined || row.slug === wanted);
  const [only, second] = rows;
  if (!only) throw new OperationError('not_found', `There is no app ${wanted ?? ''}.`);
  if (second) throw new OperationError('usage', 'There are several apps: say which by --app.');
  return deps.settings.load(only.id, only.version);
}
