import { secretKinds, secretSlugSchema } from '@alter-ai/core-contract';
import { isAllowedNetworkEntry, parseHostPattern } from '@alter-ai/egress';
import { z } from 'zod';

const secret = z.string().min(1).max(8192);
const text = z.string().trim().min(1).max(200);
const label = z.string().trim().min(1).max(255);
const headerName = z.string().regex(/^[A-Za-z][A-Za-z0-9-]{0,59}$/, 'must be a header name');
const queryName = z.string().regex(/^[A-Za-z][A-Za-z0-9_-]{0,99}$/, 'must be a query parameter name');
const format = z.string().min(1).max(200);

/** The values of one credential; which of them a kind takes is checked with its definition. */
const valueShape = {
  value: secret.optional(),
  /** Further values of kind `custom`, by the name that stands in a format. */
  values: z.record(z.string().regex(/^[a-z][a-z0-9_]{0,49}$/), secret).optional(),
  username: secret.optional(),
  password: z.string().max(8192).optional(),
  access_key_id: secret.optional(),
  secret_access_key: secret.optional(),
  session_token: secret.optional(),
};

const valueNames = [
  'value',
  'username',
  'password',
  'access_key_id',
  'secret_access_key',
  'session_token',
] as const;

const grantSchema = z.strictObject({
  principal: z.discriminatedUnion('type', [
    z.strictObject({ type: z.literal('system') }),
    z.strictObject({ type: z.literal('group'), group: z.string().min(1).max(512) }),
  ]),
  label: label.default('default'),
  /** Label of the credential that the grant uses; absent: the only one, or the first. */
  credential: label.optional(),
  /** The credential of this grant does not leave the vault, through whichever grant: proxy mode alone (B7). */
  proxy_only: z.boolean().optional(),
});

/** A managed secret of the file. */
export const managedSecretSchema = z.strictObject({
  slug: secretSlugSchema,
  name: text.optional(),
  template: z.string().min(1).max(64).optional(),
  kind: z.enum(secretKinds).optional(),
  header: headerName.optional(),
  format: format.optional(),
  injections: z
    .array(
      z.union([
        z.strictObject({ header: headerName, format: format.default('{token}') }),
        z.strictObject({ query: queryName, format: format.default('{token}') }),
      ]),
    )
    .min(1)
    .max(10)
    .optional(),
  required_headers: z.record(headerName, z.string().min(1).max(1024)).optional(),
  hosts: z
    .array(
      z
        .string()
        .toLowerCase()
        .refine(
          (host) => parseHostPattern(host) !== undefined,
          'must be a host such as api.example.com, with a port if it is another one, or *.example.com for one more label',
        ),
    )
    .max(50)
    .optional(),
  allowed_networks: z
    .array(z.string().refine(isAllowedNetworkEntry, 'must be a CIDR, an address or a host name'))
    .max(50)
    .optional(),
  region: z
    .string()
    .regex(/^[a-z0-9-]{1,64}$/, 'must be a region')
    .optional(),
  service: z
    .string()
    .regex(/^[a-z0-9-]{1,64}$/, 'must be the name of a service')
    .optional(),
  /** The credential does not leave the vault: proxy mode alone (B7). */
  proxy_only: z.boolean().optional(),
  ...valueShape,
  /** Several credentials, told apart by their labels, in place of the values above. */
  credentials: z
    .array(z.strictObject({ label, ...valueShape }))
    .min(1)
    .max(10)
    .optional(),
  grants: z.array(grantSchema).max(100).optional(),
});

/** A managed secret of the file, parsed. */
export type ManagedSecretEntry = z.output<typeof managedSecretSchema>;
/** One grant of a managed secret of the file. */
export type SecretGrantEntry = NonNullable<ManagedSecretEntry['grants']>[number];
/** The values of one credential, as the file has them. */
export type SecretValues = { [Name in keyof typeof valueShape]?: ManagedSecretEntry[Name] };

/** Where the values stand: what is written there literally is warned about. */
export const secretValuePaths: readonly (readonly string[])[] = [
  'value',
  'password',
  'secret_access_key',
  'session_token',
].flatMap((name) => [
  ['apps', '*', 'managed_secrets', '*', name],
  ['apps', '*', 'managed_secrets', '*', 'credentials', '*', name],
]);

/** A credential's values by field name; undefined where none is given. */
export function readSecretFields(given: SecretValues): Record<string, string> | undefined {
  const { values = {}, ...named } = given;
  const entries = Object.entries({ ...values, ...pickValues(named) });
  return entries.length === 0 ? undefined : Object.fromEntries(entries);
}

/** One credential of the file with its label. */
export interface CredentialEntry {
  readonly label: string;
  readonly fields: Record<string, string>;
  /** Where it stands below the secret. */
  readonly path: readonly PropertyKey[];
}

/** The label of a credential that is given without one. */
export const defaultCredentialLabel = 'default';

/** The credentials of an entry; one without a label is called `default`. */
export function listCredentialEntries(entry: ManagedSecretEntry): CredentialEntry[] {
  const own = readSecretFields(entry);
  const listed = (entry.credentials ?? []).map((each, index) => ({
    label: each.label,
    fields: readSecretFields(each) ?? {},
    path: ['credentials', index],
  }));
  return own === undefined ? listed : [{ label: defaultCredentialLabel, fields: own, path: [] }, ...listed];
}

/** The way back: fields as an entry of the file has them. */
export function writeSecretValues(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const isNamed = (name: string) => (valueNames as readonly string[]).includes(name);
  const entries = Object.entries(fields);
  const values = Object.fromEntries(entries.filter(([name]) => !isNamed(name)));
  return {
    ...Object.fromEntries(entries.filter(([name]) => isNamed(name))),
    ...(Object.keys(values).length > 0 ? { values } : {}),
  };
}

function pickValues(given: SecretValues): Record<string, string> {
  return Object.fromEntries(
    valueNames.flatMap((name) => {
      const value = given[name];
      return value === undefined ? [] : [[name, value]];
    }),
  );
}
