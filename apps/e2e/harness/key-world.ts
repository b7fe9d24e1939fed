import { type KeyService, startKeyService } from '@alter-ai/emulator';

/** A service called with keys, and one managed secret of each kind that it accepts. */
export interface KeyWorld {
  readonly service: KeyService;
  /** Entries of `managed_secrets` in the configuration file; their values are `{ env }`. */
  readonly entries: readonly (Record<string, unknown> & { slug: string })[];
  /** The variables that hold the values. */
  readonly env: Readonly<Record<string, string>>;
  /** What the service must find for each slug. */
  readonly expected: Readonly<Record<string, { found: readonly string[]; signature: string | null }>>;
}

/** The key that a user enters on the hosted page, as the service knows it. */
export const enteredKey = 'MARK-entered-key-6a1f';

const env = {
  KEY_BEARER: 'MARK-bearer-3f9c2d',
  KEY_HEADER: 'MARK-header-8b1e77',
  KEY_FORMAT: 'MARK-format-a04d5c',
  KEY_PASSWORD: 'MARK-pässword:with-colon-19',
  KEY_SECOND: 'MARK-second-5e2b90',
  KEY_QUERY: 'MARK-query/+=&-71c3',
  KEY_AWS_SECRET: 'MARK/aws+secret-EXAMPLEKEY-d2',
  KEY_AWS_SESSION: 'MARK//session+token==-e8',
};
const awsKey = {
  accessKeyId: 'AKIDMARKED0000000001',
  secretAccessKey: env.KEY_AWS_SECRET,
  sessionToken: env.KEY_AWS_SESSION,
};

/** Starts the service. */
export async function startKeyWorld(): Promise<KeyWorld> {
  const basic = `Basic ${Buffer.from(`user@x:${env.KEY_PASSWORD}`).toString('base64')}`;
  const service = await startKeyService({
    values: {
      bearer: `Bearer ${env.KEY_BEARER}`,
      header: env.KEY_HEADER,
      format: `Token token="${env.KEY_FORMAT}"`,
      basic,
      first: `Key ${env.KEY_HEADER}`,
      second: env.KEY_SECOND,
      query: env.KEY_QUERY,
      entered: enteredKey,
    },
    awsKeys: [awsKey],
  });
  const hosts = [service.host];
  const named = (name: keyof typeof env) => ({ env: name });
  const aws = {
    kind: 'aws_sigv4',
    hosts,
    access_key_id: awsKey.accessKeyId,
    secret_access_key: named('KEY_AWS_SECRET'),
    session_token: named('KEY_AWS_SESSION'),
    region: 'eu-central-1',
  };
  return {
    service,
    env,
    entries: [
      { slug: 'bearer', kind: 'bearer', hosts, value: named('KEY_BEARER') },
      { slug: 'header', kind: 'api_key', header: 'X-Key', hosts, value: named('KEY_HEADER') },
      {
        slug: 'format',
        kind: 'api_key',
        header: 'Authorization',
        format: 'Token token="{token}"',
        hosts,
        value: named('KEY_FORMAT'),
      },
      { slug: 'basic', kind: 'basic', hosts, username: 'user@x', password: named('KEY_PASSWORD') },
      {
        slug: 'custom',
        kind: 'custom',
        hosts,
        value: named('KEY_HEADER'),
        values: { second: named('KEY_SECOND') },
        injections: [
          { header: 'X-First', format: 'Key {token}' },
          { header: 'X-Second', format: '{second}' },
        ],
      },
      { slug: 'query', kind: 'custom', hosts, value: named('KEY_QUERY'), injections: [{ query: 'api_key' }] },
      { slug: 'aws-s3', ...aws, service: 's3' },
      { slug: 'aws-other', ...aws, service: 'execute-api' },
      // Users enter keys of their own here.
      { slug: 'own', name: 'Own keys', kind: 'api_key', header: 'X-Own-Key', hosts },
    ],
    expected: {
      bearer: { found: ['bearer in header authorization'], signature: null },
      header: { found: ['header in header x-key'], signature: null },
      format: { found: ['format in header authorization'], signature: null },
      basic: { found: ['basic in header authorization'], signature: null },
      custom: {
        found: ['first in header x-first', 'header within header x-first', 'second in header x-second'],
        signature: null,
      },
      query: { found: ['query in query api_key'], signature: null },
      'aws-s3': { found: [], signature: 'ok' },
      'aws-other': { found: [], signature: 'ok' },
    },
  };
}
