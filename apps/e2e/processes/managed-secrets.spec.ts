import { expect, test } from '@playwright/test';
import { enterKeyOverHttp } from '../harness/connect-over-http.js';
import { enteredKey, type KeyWorld, startKeyWorld } from '../harness/key-world.js';
import { type Stack, startStack } from '../harness/stack.js';

let keys: KeyWorld;
let stack: Stack;
test.beforeAll(async () => {
  keys = await startKeyWorld();
  stack = await startStack({ app: { managed_secrets: keys.entries }, env: keys.env });
});
test.afterAll(async () => {
  await stack?.close();
  await keys?.service.close();
});

const grantOf = async (slug: string) => {
  const { grants } = await stack.sdk.listGrants({ providerId: slug });
  expect(grants).toHaveLength(1);
  return grants[0]?.grantId ?? '';
};

for (const slug of ['bearer', 'header', 'format', 'basic', 'custom', 'query', 'aws-s3', 'aws-other']) {
  test(`S11 E3: ${slug} arrives once, in its place, whatever the caller puts there`, async () => {
    const grantId = await grantOf(slug);
    const url = `${keys.service.url}/things?own=1&api_key=mine`;
    for (const [method, more] of [
      ['GET', {}],
      ['POST', { json: { text: 'naïve 日本 🚀' } }],
      ['PUT', { body: new Uint8Array([0, 1, 254, 255]) }],
    ] as const) {
      for (const target of [{ grantId }, { provider: slug }]) {
        const answer = await stack.sdk.request(method, url, {
          ...target,
          ...more,
          extraHeaders: {
            Authorization: 'mine',
            'x-key': 'mine',
            'X-FIRST': 'mine',
            'X-Amz-Security-Token': 'mine',
            'X-Amz-Meta-Own': 'kept',
          },
        });
        expect(await answer.json()).toEqual({ method, ...keys.expected[slug] });
      }
    }
    const [sent] = keys.service.arrived.slice(-1);
    const names = sent?.rawHeaders.filter((_, index) => index % 2 === 0).map((name) => name.toLowerCase());
    expect(new Set(names).size).toBe(names?.length);
    expect(names?.filter((name) => name.startsWith('x-alter'))).toEqual([]);
  });
}

test('S11: S3 accepts the paths and queries that are hard to sign', async () => {
  const grantId = await grantOf('aws-s3');
  for (const path of [
    '/bucket/a%20space/and%2Bplus',
    '/bucket/ünïcödé/日本/🚀',
    '/bucket//double///slashes/',
    "/bucket/quote'star*paren(1)!",
    '/bucket/percent%25sign/%7Ehome',
    '/bucket?acl',
    '/bucket?list-type=2&prefix=&marker=%2F%3D%26',
    '/bucket?b=2&a=1&a=0&B=3&sum=a+b',
  ]) {
    const answer = await stack.sdk.request('GET', `${keys.service.url}${path}`, { grantId });
    expect([path, await answer.json()]).toEqual([path, { method: 'GET', found: [], signature: 'ok' }]);
  }
});

test('S11: alter stores another value under the same grant, gives grants, and takes them out', async () => {
  const grantId = await grantOf('header');
  const alter = async (...args: string[]) => {
    const { status, stdout, stderr } = await stack.vault.alterWith({ NEXT: 'MARK-next-44' }, ...args);
    expect([args, status, status === 0 ? '' : stderr]).toEqual([args, 0, '']);
    expect(stdout + stderr).not.toContain('MARK-');
    return stdout;
  };
  const call = () => stack.sdk.request('GET', `${keys.service.url}/things`, { grantId });
  await alter('secrets', 'store', 'header', '--env', 'NEXT');
  expect((await (await call()).json()).found).toEqual([]);
  expect(keys.service.arrived.at(-1)?.rawHeaders).toContain('MARK-next-44');
  await alter('secrets', 'list');
  await alter('secrets', 'remove', 'header');
  await expect(call()).rejects.toThrow();
});

test('S11: a user enters a key; it works for that user alone, beside the same list and the same revocation', async () => {
  const userToken = await stack.userToken('kim');
  const session = await stack.sdk.createManagedSecretConnectSession({ provider: 'own', userToken });
  expect(session.path).toBe('key_entry');
  const done = await enterKeyOverHttp(stack.vault.url, session.connectUrl, { value: enteredKey });
  expect(JSON.stringify(done)).not.toContain(enteredKey);
  const [result] = await stack.sdk.pollConnectSession(session.sessionToken, {
    timeout: 5,
    pollInterval: 0.1,
  });
  const url = `${keys.service.url}/things`;
  const answer = await stack.sdk.request('GET', url, { provider: 'own', userToken });
  expect((await answer.json()).found).toEqual(['entered in header x-own-key']);
  const stranger = await stack.userToken('lou');
  await expect(stack.sdk.request('GET', url, { provider: 'own', userToken: stranger })).rejects.toThrow();
  const listed = await stack.sdk.listGrants({ endUserToken: userToken });
  expect(listed.grants.map((grant) => grant.grantId)).toEqual([result?.grantId]);
  await stack.sdk.revokeGrant(result?.grantId ?? '');
  await expect(stack.sdk.request('GET', url, { provider: 'own', userToken })).rejects.toThrow();
});
