import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeBothDatabases } from '../harness.js';
import { secretEntries } from '../secrets/secret-world.js';
import { type ProxyWorld, startProxyWorld } from './proxy-world.js';

const awsError = (code: string, message = '') =>
  `<?xml version="1.0"?><Error><Code>${code}</Code><Message>${message}</Message></Error>`;

describeBothDatabases('credential_hint: a refusal of the form in which a credential was sent', (kind) => {
  let world: ProxyWorld;
  beforeAll(async () => {
    world = await startProxyWorld(kind, {
      app: (host) => ({
        managed_secrets: [
          ...secretEntries.map((entry) => ({ ...entry, hosts: [host] })),
          {
            slug: 'bare',
            kind: 'api_key',
            header: 'Authorization',
            format: '{token}',
            hosts: [host],
            value: 'Bearer bare-value',
          },
        ],
      }),
    });
  });
  afterAll(() => world?.close());

  const call = async (
    slug: string,
    answer: { status?: number; challenge?: string | string[]; body?: string },
    selector: object = { provider_id: slug },
  ) => {
    world.provide((_, response) => {
      const headers = answer.challenge === undefined ? {} : { 'www-authenticate': answer.challenge };
      response.writeHead(answer.status ?? 401, headers).end(answer.body ?? 'no');
    });
    const { status, body } = await world.proxy({ method: 'GET', url: world.api, ...selector });
    expect([status, body.status_code]).toEqual([200, answer.status ?? 401]);
    return body.credential_hint;
  };
  const explain = (sent: string, wanted: string) =>
    `The credential was sent ${sent}, and this address asks for Authorization: ${wanted}. It may belong to another API of the provider.`;

  it.each([
    ['bearer', 'as Authorization: Bearer', 'Basic', 'Basic realm="Bearer, OAuth"'],
    ['basic', 'as Authorization: Basic', 'Bearer', 'bearer realm="api", error="invalid_token"'],
    ['datadog', 'in the header DD-API-KEY', 'Basic or Bearer', ['Bearer', 'Basic realm="x"']],
    ['prefixed', 'as Authorization: Token', 'Bearer', 'Bearer'],
    ['query', 'in the query', 'Basic', 'Basic realm="x"'],
    ['aws', 'as Authorization: AWS4-HMAC-SHA256', 'Bearer', 'Bearer'],
  ])('%s: %s, where %s is asked for', async (slug, sent, wanted, challenge) => {
    for (const status of [401, 403])
      expect(await call(slug, { status, challenge })).toBe(explain(sent, wanted));
  });

  it('an OAuth token too, after the one refresh that did not help', async () => {
    const grantId = await world.connect();
    const hint = await call('', { challenge: 'Basic realm="x"' }, { grant_id: grantId });
    expect(hint).toBe(explain('as Authorization: Bearer', 'Basic'));
  });

  it.each<[string, Parameters<typeof call>[1]]>([
    ['bearer', { challenge: 'Basic realm="x", Bearer realm="y"' }],
    ['bearer', { challenge: 'BEARER error="invalid_token"' }],
    ['bearer', {}],
    ['bearer', { challenge: 'Unheard-Of realm="Basic"' }],
    ['bearer', { status: 404, challenge: 'Basic' }],
    ['bearer', { status: 200, challenge: 'Basic' }],
    ['bare', { challenge: 'Basic' }],
    ['several', { challenge: 'Basic' }],
    ['bearer', { status: 403, body: awsError('SignatureDoesNotMatch') }],
    ['aws', { status: 403, body: awsError('AccessDenied') }],
    ['aws', { status: 404, body: awsError('SignatureDoesNotMatch') }],
  ])('%s: nothing is said where %j tells nothing', async (slug, answer) => {
    expect(await call(slug, answer)).toBeUndefined();
  });

  it.each([
    [
      403,
      awsError('SignatureDoesNotMatch', 'The request signature we calculated does not match'),
      'the signature was not accepted',
    ],
    [
      400,
      awsError('AuthorizationHeaderMalformed', "the region 'eu-west-1' is wrong"),
      'not what this address belongs to',
    ],
    [
      403,
      '{"__type":"InvalidSignatureException","message":"Credential should be scoped to a valid region."}',
      'not what this address belongs to',
    ],
    [
      403,
      '{"__type":"InvalidSignatureException","message":"The request signature"}',
      'the signature was not accepted',
    ],
  ])('AWS %s %s: names what was signed for', async (status, body, said) => {
    const hint = String(await call('aws', { status, body }));
    expect(hint).toMatch(/^The request was signed for region eu-west-1 and service s3, /);
    expect(hint).toContain(said);
    expect(hint).not.toMatch(/AKID|aws-secret|aws-session/);
  });
});
