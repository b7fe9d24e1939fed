import { forbiddenInjectionHeaders, tokenResponseSchema } from '@alter-ai/core-contract';
import { readInjectableCredential } from '@alter-ai/core-crypto';
import { sql } from 'kysely';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { applyConfig, describeBothDatabases } from '../harness.js';
import { type Json, type SecretWorld, secretEntries, startSecretWorld, target } from './secret-world.js';

const basic = Buffer.from('user@x:pässword').toString('base64');
const answers: [slug: string, expected: Json][] = [
  [
    'bearer',
    { access_token: 'bearer-value', injection_header: 'Authorization', injection_format: 'Bearer {token}' },
  ],
  ['datadog', { access_token: 'dd-value', injection_header: 'DD-API-KEY', injection_format: '{token}' }],
  ['prefixed', { injection_header: 'Authorization', injection_format: 'Token token={token}' }],
  ['basic', { access_token: basic, injection_header: 'Authorization', injection_format: 'Basic {token}' }],
  [
    'aws',
    {
      access_token: 'AKIDEXAMPLE',
      injection_format: 'AWS4-HMAC-SHA256',
      additional_credentials: {
        secret_key: 'aws-secret-value',
        session_token: 'aws-session-value',
        region: 'eu-west-1',
        service: 's3',
      },
    },
  ],
  [
    'several',
    {
      access_token: 'custom-value',
      injection_header: 'X-Key',
      injection_format: 'Key {token}',
      additional_credentials: { app_id: 'app-value', injection_2: 'app-value:custom-value' },
      additional_injections: [
        { target: 'header', key: 'X-App', value_source: 'additional_credentials.app_id' },
        { target: 'header', key: 'X-Both', value_source: 'additional_credentials.injection_2' },
        { target: 'query_param', key: 'key', value_source: 'token' },
      ],
    },
  ],
  [
    'query',
    {
      access_token: 'query-value',
      is_header_needed: false,
      additional_injections: [{ target: 'query_param', key: 'api_key', value_source: 'token' }],
    },
  ],
];

describeBothDatabases('managed secrets, retrieve mode', (kind) => {
  let world: SecretWorld;
  beforeAll(async () => {
    world = await startSecretWorld(kind);
  });
  afterAll(() => world?.close());

  const records = async (grantId: unknown) => {
    const { deps } = world.vault;
    await deps.audit.flush();
    const month = new Date(deps.clock()).toISOString().slice(0, 7).replace('-', '_');
    const { rows } = await sql<{ record: string }>`
      select record from ${sql.table(`audit_${month}`)} where grant_id = ${String(grantId)} order by at, sequence`.execute(
      deps.storage.db,
    );
    return rows.map((row) => row.record);
  };

  it.each(answers)(
    'S11: %s is answered as the protocol carries it, without nulls',
    async (slug, expected) => {
      const { status, body } = await world.retrieve({ provider_id: slug });
      expect(status).toBe(200);
      const answer = tokenResponseSchema.strict().parse(body);
      expect(answer).toMatchObject({ ...expected, provider_id: slug, scopes: [], expires_in: null });
      expect(answer.allowed_hosts).toContain('api.example.com');
      // What the SDK and the proxy make of it.
      expect(() => readInjectableCredential(answer, forbiddenInjectionHeaders)).not.toThrow();
    },
  );

  it('E1: a secret goes to its hosts alone, over https, and internal hosts have to be allowed', async () => {
    const refused = [
      'https://api.example.com.evil.test/',
      'https://evil.test/?u=https://api.example.com/',
      'https://api.example.com:8443/',
      'https://user@api.example.com/',
      'http://api.example.com/',
      'https://xapi.example.com/',
      'https://169.254.169.254/latest/',
    ];
    for (const url of refused) {
      const answer = await world.retrieve({ provider_id: 'bearer', request: { method: 'GET', url } });
      expect([url, answer.status]).not.toEqual([url, 200]);
      expect(JSON.stringify(answer.body)).not.toContain('bearer-value');
    }
    const internal = { slug: 'internal', kind: 'bearer', hosts: ['10.1.2.3'], value: 'internal-value' };
    const apply = (entry: Json) =>
      applyConfig(world.vault.deps, {
        version: 1,
        apps: [{ slug: 'demo', name: 'Demo', managed_secrets: [entry] }],
      });
    const call = { provider_id: 'internal', request: { method: 'GET', url: 'https://10.1.2.3/points' } };
    await apply(internal);
    expect((await world.retrieve(call)).body.error).toBe('blocked_destination');
    await apply({ ...internal, allowed_networks: ['10.1.2.0/24'] });
    expect((await world.retrieve(call)).body).toMatchObject({ access_token: 'internal-value' });
  });

  it('P1: rules on the slug, on the app and on the grant hold for it', async () => {
    const closed = { kind: 'ip_allowlist', cidrs: ['203.0.113.0/24'] };
    await applyConfig(world.vault.deps, {
      version: 1,
      apps: [
        {
          slug: 'demo',
          name: 'Demo',
          policies: [{ name: 'closed', target: { provider: 'prefixed' }, rule: closed }],
        },
      ],
    });
    const denied = await world.retrieve({ provider_id: 'prefixed' });
    expect([denied.status, denied.body.error]).toEqual([403, 'ip_allowlist']);
    expect((await world.retrieve({ provider_id: 'basic' })).status).toBe(200);
  });

  it('A1, A2, K6: the call is on record with its kind, and no record holds a value', async () => {
    for (const { slug } of secretEntries.filter((entry) => entry.slug !== 'prefixed')) {
      const { body } = await world.retrieve({ provider_id: slug, reason: `uses ${slug}` });
      const found = await records(body.grant_id);
      const record = found
        .map((text) => JSON.parse(text) as Json)
        .find((one) => one.reason === `uses ${slug}`);
      expect(record).toMatchObject({
        kind: 'access.retrieve',
        provider_id: slug,
        credential_kind: secretEntries.find((entry) => entry.slug === slug)?.kind,
        principal: 'system',
        decision: 'allow',
      });
      const values = [body.access_token, ...Object.values((body.additional_credentials ?? {}) as Json)];
      for (const value of values.filter(
        (each) => !['eu-west-1', 's3', 'AKIDEXAMPLE'].includes(String(each)),
      )) {
        expect(found.join()).not.toContain(String(value));
      }
    }
  });

  it('K1: what is stored does not open under another credential, and the call fails closed', async () => {
    const { storage } = world.vault.deps;
    const own = await world.retrieve({ provider_id: 'datadog' });
    const other = await world.retrieve({ provider_id: 'bearer' });
    const read = (grantId: unknown) =>
      storage.db
        .selectFrom('grants as g')
        .innerJoin('credentials as c', 'c.id', 'g.credential_id')
        .select(['c.id', 'c.sealed_tokens'])
        .where('g.id', '=', String(grantId))
        .executeTakeFirstOrThrow();
    const target = await read(own.body.grant_id);
    const source = await read(other.body.grant_id);
    const put = (bytes: Buffer) =>
      storage.db
        .updateTable('credentials')
        .set({ sealed_tokens: bytes })
        .where('id', '=', target.id)
        .execute();
    await put(source.sealed_tokens);
    const refused = await world.retrieve({ provider_id: 'datadog' });
    expect(refused.status).toBe(500);
    expect(JSON.stringify(refused.body)).not.toContain('bearer-value');
    await put(target.sealed_tokens);
    expect((await world.retrieve({ provider_id: 'datadog' })).status).toBe(200);
  });

  it('a 401 of the service changes nothing about a stored key, and is on record', async () => {
    const { body } = await world.retrieve({ provider_id: 'bearer' });
    const posted = await world.call('/sdk/oauth/audit/api-call', {
      grant_id: body.grant_id,
      provider_id: '',
      token_generation: body.token_generation,
      method: 'GET',
      url: target,
      request_headers: {},
      request_body: null,
      response_status: 401,
      response_headers: {},
      response_body: '',
      latency_ms: 5,
      reason: null,
      context: null,
    });
    expect(posted.status).toBe(200);
    expect((await world.retrieve({ provider_id: 'bearer' })).body.access_token).toBe('bearer-value');
    const outcome = (await records(body.grant_id)).map((text) => JSON.parse(text) as Json).at(-2);
    expect(outcome).toMatchObject({ kind: 'access.outcome', status: 401, credential_kind: 'managed_secret' });
  });
});
