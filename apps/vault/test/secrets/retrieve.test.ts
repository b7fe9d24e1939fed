import { tokenResponseSchema } from '@alter-ai/core-contract';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeBothDatabases, startTestVault, type TestVault } from '../harness.js';

const hosts = ['api.example.com'];
const secrets = [
  { slug: 'bearer', kind: 'bearer', hosts, value: 'bearer-value' },
  { slug: 'datadog', name: 'Datadog', kind: 'api_key', header: 'DD-API-KEY', hosts, value: 'dd-value' },
];

describeBothDatabases('managed secrets, retrieve mode', (kind) => {
  let vault: TestVault;
  beforeAll(async () => {
    vault = await startTestVault({
      kind,
      config: {
        version: 1,
        apps: [{ slug: 'demo', name: 'Demo', api_keys: [{ name: 'backend' }], managed_secrets: secrets }],
      },
    });
  });
  afterAll(() => vault?.close());

  it.each([
    [
      'bearer',
      { access_token: 'bearer-value', injection_header: 'Authorization', injection_format: 'Bearer {token}' },
    ],
    ['datadog', { access_token: 'dd-value', injection_header: 'DD-API-KEY', injection_format: '{token}' }],
  ])('S11: %s is answered as the protocol carries it', async (slug, expected) => {
    const answer = await vault.signedFetch('POST', '/sdk/token', {
      provider_id: slug,
      reason: null,
      request: { method: 'GET', url: 'https://api.example.com/v1' },
    });
    expect(answer.status).toBe(200);
    const body = tokenResponseSchema.strict().parse(await answer.json());
    expect(body).toMatchObject({ ...expected, provider_id: slug, allowed_hosts: hosts });
  });
});
