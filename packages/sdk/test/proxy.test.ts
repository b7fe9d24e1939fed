import { describe, expect, it } from 'vitest';
import {
  AlterValueError,
  CredentialEchoedError,
  ProviderTimeoutError,
  ProviderUnreachableError,
  ProxyCallFailedError,
  RestrictedGrantRequiresProxyError,
} from '../src/index.js';
import { useTestBed } from './servers/test-bed.js';
import { grantId } from './servers/vault-server.js';

const bed = useTestBed();
const url = 'https://api.example.com/v1/{id}?own=1';

describe('proxyRequest', () => {
  it('sends the fields of wire/3 section 1.1, the unset ones left out, and reads the smallest answer', async () => {
    bed.vault.answerJson('proxyCall', [200, { status_code: 418, body_b64: 'e30=' }]);
    const result = await bed.makeApp().proxyRequest('post', url, {
      grantId,
      pathParams: { id: 'a/b' },
      queryParams: { n: 1, tag: ['x', 'y'], none: undefined },
      extraHeaders: { 'X-Own': 'kept' },
      json: { text: 'ü' },
      reason: 'why',
    });
    expect([result.statusCode, result.ok, result.json(), result.bodyTruncated]).toEqual([
      418,
      false,
      {},
      false,
    ]);
    expect(bed.vault.bodies('proxyCall')).toEqual([
      {
        method: 'POST',
        url: 'https://api.example.com/v1/a%2Fb?own=1',
        grant_id: grantId,
        headers: { 'X-Own': 'kept' },
        query_params: { n: 1, tag: ['x', 'y'] },
        reason: 'why',
        body: { text: 'ü' },
      },
    ]);
    expect(bed.provider.arrived).toEqual([]);
  });

  it('sends bytes, and a JSON null, as they are', async () => {
    bed.vault.answerJson('proxyCall', [200, { status_code: 200, body_b64: '' }]);
    const app = bed.makeApp();
    await app.proxyRequest('PUT', 'https://api.example.com/', { grantId, body: new Uint8Array([0, 255]) });
    await app.proxyRequest('PUT', 'https://api.example.com/', { grantId, json: null });
    expect(bed.vault.bodies('proxyCall').map((body) => [body.body_b64, body.headers])).toEqual([
      ['AP8=', undefined],
      [Buffer.from('null').toString('base64'), { 'content-type': 'application/json' }],
    ]);
  });

  it('repeats only what was asked to be repeated', async () => {
    const busy = { status_code: 503, body_b64: '', headers: { 'retry-after': '0' } };
    bed.vault.answerJson('proxyCall', [200, busy], [200, { status_code: 200, body_b64: '' }]);
    const app = bed.makeApp();
    expect((await app.proxyRequest('GET', 'https://api.example.com/', { grantId })).statusCode).toBe(503);
    bed.vault.answerJson('proxyCall', [200, busy], [200, { status_code: 200, body_b64: '' }]);
    const repeated = await app.proxyRequest('GET', 'https://api.example.com/', { grantId, retry: true });
    expect(repeated.statusCode).toBe(200);
  });

  it.each(['Authorization', 'HOST', 'Cookie', 'x-api-key', 'X-Alter-Caller', 'X-Amz-Date'])(
    'E3: refuses the header %s before anything is sent',
    async (name) => {
      const call = bed.makeApp().proxyRequest('GET', 'https://api.example.com/', {
        grantId,
        extraHeaders: { [name]: 'x' },
      });
      await expect(call).rejects.toThrow(AlterValueError);
      expect(bed.vault.arrived).toEqual([]);
    },
  );

  it.each([
    [400, 'restricted_grant_requires_proxy', RestrictedGrantRequiresProxyError],
    [502, 'provider_unreachable', ProviderUnreachableError],
    [502, 'provider_call_failed', ProxyCallFailedError],
    [502, 'credential_echoed', CredentialEchoedError],
    [504, 'provider_timeout', ProviderTimeoutError],
  ] as const)('%s %s has a class of its own', async (status, code, errorClass) => {
    bed.vault.answerJson('proxyCall', [status, { error: code, message: 'as the vault says it' }]);
    const call = bed.makeApp().proxyRequest('GET', 'https://api.example.com/', { grantId });
    await expect(call).rejects.toThrow(errorClass);
    await expect(call).rejects.toMatchObject({ code, statusCode: status });
  });
});
