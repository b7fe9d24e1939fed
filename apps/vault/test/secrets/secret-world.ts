import { type OidcEmulator, startOidcServer } from '@alter-ai/emulator';
import { type SignedFetchOptions, startTestVault, type TestVault } from '../harness.js';

/** Where every secret of the tests may go. */
export const target = 'https://api.example.com/v1/things';
const hosts = ['api.example.com'];

/** One secret of each kind, and of the ways a kind can be written. */
export const secretEntries = [
  { slug: 'bearer', kind: 'bearer', hosts, value: 'bearer-value' },
  { slug: 'datadog', name: 'Datadog', kind: 'api_key', header: 'DD-API-KEY', hosts, value: 'dd-value' },
  {
    slug: 'prefixed',
    kind: 'api_key',
    header: 'Authorization',
    format: 'Token token={token}',
    hosts,
    value: 'pre-value',
  },
  { slug: 'basic', kind: 'basic', hosts, username: 'user@x', password: 'pässword' },
  {
    slug: 'aws',
    kind: 'aws_sigv4',
    hosts: [...hosts, '*.amazonaws.com'],
    access_key_id: 'AKIDEXAMPLE',
    secret_access_key: 'aws-secret-value',
    session_token: 'aws-session-value',
    region: 'eu-west-1',
    service: 's3',
  },
  {
    slug: 'several',
    kind: 'custom',
    hosts,
    value: 'custom-value',
    values: { app_id: 'app-value' },
    injections: [
      { header: 'X-Key', format: 'Key {token}' },
      { header: 'X-App', format: '{app_id}' },
      { header: 'X-Both', format: '{app_id}:{token}' },
      { query: 'key' },
    ],
  },
  { slug: 'query', kind: 'custom', hosts, value: 'query-value', injections: [{ query: 'api_key' }] },
];

/** A vault with managed secrets and an identity provider. */
export interface SecretWorld {
  readonly vault: TestVault;
  readonly idp: OidcEmulator;
  userToken(subject: string, groups?: readonly string[]): Promise<string>;
  call(path: string, body: unknown, options?: SignedFetchOptions): Promise<{ status: number; body: Json }>;
  retrieve(body: Json, options?: SignedFetchOptions): Promise<{ status: number; body: Json }>;
  /** Id of a managed secret, read from its grant. */
  secretId(slug: string): Promise<string>;
  close(): Promise<void>;
}

/** A JSON object. */
export type Json = Record<string, unknown>;

/** Starts it. */
export async function startSecretWorld(
  kind: 'sqlite' | 'postgres',
  options: { secrets?: readonly Json[]; clock?: () => number } = {},
): Promise<SecretWorld> {
  const idp = await startOidcServer({ displayName: 'Sign-in', jwtAudience: 'demo-api', clients: [] });
  const vault = await startTestVault({
    kind,
    ...(options.clock ? { clock: options.clock } : {}),
    config: {
      version: 1,
      apps: [
        {
          slug: 'demo',
          name: 'Demo',
          allowed_origins: ['http://127.0.0.1:4600'],
          return_urls: ['http://127.0.0.1:4600/connected'],
          api_keys: [{ name: 'backend' }],
          identity_provider: { issuer: idp.issuer, audience: 'demo-api' },
          managed_secrets: options.secrets ?? secretEntries,
        },
        { slug: 'other', name: 'Other', api_keys: [{ name: 'backend' }] },
      ],
    },
  });
  const call: SecretWorld['call'] = async (path, body, signing) => {
    const answer = await vault.signedFetch('POST', path, body, signing);
    return { status: answer.status, body: (await answer.json()) as Json };
  };
  return {
    vault,
    idp,
    call,
    userToken: (subject, groups) =>
      idp.issueUserToken({
        subject,
        audience: 'demo-api',
        ...(groups ? { groups: [...groups] } : {}),
      }),
    retrieve: (body, signing) =>
      call('/sdk/token', { reason: null, request: { method: 'GET', url: target }, ...body }, signing),
    async secretId(slug) {
      const { body } = await call('/sdk/grants/list', { provider_id: slug });
      const [grant] = body.grants as { managed_secret_id: string }[];
      if (!grant) throw new Error(`no grant on ${slug}`);
      return grant.managed_secret_id;
    },
    async close() {
      await vault.close();
      await idp.close();
    },
  };
}
