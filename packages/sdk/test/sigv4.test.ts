import { verifySigV4 } from '@alter-ai/emulator';
import { describe, expect, it } from 'vitest';
import { BackendError, BlockedDestinationError } from '../src/index.js';
import { useTestBed } from './servers/test-bed.js';
import { grantId, tokenAnswer } from './servers/vault-server.js';

const bed = useTestBed();
const key = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY' };
const sessionToken = 'IQoJb3JpZ2luX2VjE/+mark==';

/** Requests and signatures of the published test suite (aws-sig-v4-test-suite), and of S3's own documentation. */
const published: [
  name: string,
  target: string,
  headers: readonly string[],
  signature: string,
  method?: string,
][] = [
  ['get-vanilla', '/', [], '5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31'],
  ['post-vanilla', '/', [], '5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b', 'POST'],
  [
    'get-vanilla-query-order-key-case',
    '/?Param2=value2&Param1=value1',
    [],
    'b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500',
  ],
  [
    'get-header-key-duplicate',
    '/',
    ['My-Header1', 'value2', 'My-Header1', 'value2', 'My-Header1', 'value1'],
    'c9d5ea9f3f72853aea855b47ea873832890dbdd183b4468f858259531a5138ea',
  ],
  ['get-relative', '/example/..', [], '5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31'],
  ['get-slashes', '//example//', [], '9a624bd73a37c9a373b5312afbebe7a714a789de108f0bdfe846570885f57e84'],
  ['get-space', '/example space/', [], '652487583200325589f1fba4c7e578f72c47cb61beeca81406b39ddec1366741'],
  ['get-utf8', '/\u1234', [], '8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85'],
];

describe('the verifier of these tests', () => {
  it.each(published)('computes what is published: %s', (_, target, headers, signature, method = 'GET') => {
    const names = ['host', ...(headers.length > 0 ? ['my-header1'] : []), 'x-amz-date'].join(';');
    const rawHeaders = [
      ...['Host', 'example.amazonaws.com', ...headers, 'X-Amz-Date', '20150830T123600Z', 'Authorization'],
      `AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, SignedHeaders=${names}, Signature=${signature}`,
    ];
    expect(verifySigV4({ method, target, rawHeaders, body: '' }, key)).toBe('ok');
    expect(verifySigV4({ method, target: `${target}x`, rawHeaders, body: '' }, key)).not.toBe('ok');
  });

  it("computes the example of S3's documentation (GET object)", () => {
    const empty = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';
    const rawHeaders = [
      ...['Host', 'examplebucket.s3.amazonaws.com', 'Range', 'bytes=0-9', 'x-amz-content-sha256', empty],
      ...['x-amz-date', '20130524T000000Z', 'Authorization'],
      'AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request, SignedHeaders=host;range;x-amz-content-sha256;x-amz-date, Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41',
    ];
    const known = {
      accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
      secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
    };
    expect(verifySigV4({ method: 'GET', target: '/test.txt', rawHeaders, body: '' }, known)).toBe('ok');
  });
});

/** Has the vault release AWS credentials for a service. */
function release(service: string | undefined, more: Record<string, string> = {}): void {
  bed.vault.answerJson('retrieveToken', [
    200,
    tokenAnswer([bed.provider.host], {
      access_token: key.accessKeyId,
      injection_format: 'AWS4-HMAC-SHA256',
      additional_credentials: {
        secret_key: key.secretAccessKey,
        region: 'eu-central-1',
        ...(service === undefined ? {} : { service }),
        ...more,
      },
    }),
  ]);
}

function check(known: Parameters<typeof verifySigV4>[1] = key): string {
  const [sent] = bed.provider.arrived;
  return sent === undefined ? 'nothing arrived' : verifySigV4({ ...sent, body: sent.bytes }, known);
}

const paths = [
  '/',
  '/bucket/plain.txt',
  '/bucket/a%20space/and%2Bplus',
  '/bucket/raw+plus,comma;semi:colon@at=equals&and',
  "/bucket/quote'star*paren(1)!",
  '/bucket/ünïcödé/日本/🚀',
  '/bucket//double///slashes/',
  '/bucket/tilde~dot.dash-under_score',
  '/bucket/percent%25sign/%7Ehome',
  '/bucket/%e2%82%ac',
];
const queries = [
  '',
  '?list-type=2&prefix=',
  '?acl',
  '?b=2&a=1&a=0&B=3',
  '?prefix=a%20b&marker=%2F%3D%26',
  '?key=a+b&other=%2B',
  '?ü=日&z=~-_.',
];

describe('SigV4 in retrieve mode', () => {
  it.each(['s3', 'execute-api', 'dynamodb'])(
    'S11: a server that recomputes it accepts GETs of %s',
    async (service) => {
      const app = bed.makeApp();
      release(service);
      for (const path of paths) {
        for (const query of queries) {
          bed.provider.arrived.length = 0;
          await app.request('GET', `${bed.provider.url}${path}${query}`, { grantId });
          expect([path, query, check()]).toEqual([path, query, 'ok']);
        }
      }
    },
  );

  it('S11: path and query parameters of the call, JSON, bytes and text are signed as they travel', async () => {
    const app = bed.makeApp();
    release('s3', { session_token: sessionToken });
    const known = { ...key, sessionToken };
    const url = `${bed.provider.url}/{bucket}/{name}?own=1`;
    const pathParams = { bucket: 'b', name: 'a b/ü?#%' };
    const bodies = [
      { json: { text: 'naïve 日本' } },
      { body: new Uint8Array([0, 255, 10]) },
      { body: 'téxt' },
      {},
    ];
    for (const body of bodies) {
      bed.provider.arrived.length = 0;
      await app.request('PUT', url, {
        grantId,
        pathParams,
        queryParams: { empty: '', list: ['2', '1'], sp: 'a b+c' },
        extraHeaders: { 'X-Amz-Meta-Note': 'two  spaces', 'X-Other': 'unsigned', 'Content-MD5': 'abc=' },
        ...body,
      });
      expect(check(known)).toBe('ok');
      const [sent] = bed.provider.arrived;
      expect(sent?.headers.authorization).toContain('x-amz-meta-note');
      expect(sent?.headers).toMatchObject({ 'x-amz-security-token': sessionToken, 'x-other': 'unsigned' });
      expect(sent?.target).toBe('/b/a%20b%2F%C3%BC%3F%23%25?own=1&empty=&list=2&list=1&sp=a%20b%2Bc');
    }
  });

  it("E3: a caller's own signature, date or token never travels beside the real one", async () => {
    const app = bed.makeApp();
    release('s3', { session_token: sessionToken });
    await app.request('GET', `${bed.provider.url}/x`, {
      grantId,
      extraHeaders: {
        AUTHORIZATION: 'AWS4-HMAC-SHA256 mine',
        'x-amz-date': '20000101T000000Z',
        'X-Amz-Security-Token': 'mine',
        'x-amz-content-sha256': 'UNSIGNED-PAYLOAD',
      },
    });
    expect(check({ ...key, sessionToken })).toBe('ok');
    expect(JSON.stringify(bed.provider.arrived)).not.toContain('mine');
  });

  it('K7: nothing of the secret is in the request, the answer, an error or the record', async () => {
    const app = bed.makeApp();
    release('s3', { session_token: sessionToken });
    bed.provide((arrived, response) => {
      response.writeHead(403, { 'content-type': 'text/plain' });
      response.end(`denied ${String(arrived.headers['x-amz-security-token'])} ${key.secretAccessKey}`);
    });
    const error = await app
      .request('GET', `${bed.provider.url}/x`, { grantId })
      .catch((thrown: unknown) => thrown);
    await app.close();
    const [record] = bed.vault.bodies('recordApiCall');
    expect(record).toMatchObject({ response_status: 403 });
    for (const place of [JSON.stringify(error), String(error), JSON.stringify(record)]) {
      expect(place).not.toContain(key.secretAccessKey);
      expect(place).not.toContain(sessionToken);
    }
    expect(JSON.stringify(bed.provider.arrived)).not.toContain(key.secretAccessKey);
  });

  it('without region or service in host or secret nothing is sent, and the error says which is missing', async () => {
    const app = bed.makeApp();
    release(undefined);
    const error = await app
      .request('GET', `${bed.provider.url}/x`, { grantId })
      .catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(BackendError);
    expect((error as BackendError).details).toMatchObject({ place: 'service' });
    expect(bed.provider.arrived).toHaveLength(0);
  });

  it('E5: the host rule stands before the signature', async () => {
    const app = bed.makeApp();
    release('s3');
    const call = app.request('GET', 'https://s3.us-east-1.amazonaws.com/b', { grantId });
    await expect(call).rejects.toBeInstanceOf(BlockedDestinationError);
  });
});
