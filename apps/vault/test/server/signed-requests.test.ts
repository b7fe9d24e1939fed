import { deriveKeyId } from '@alter-ai/core-crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeBothDatabases, startTestVault, type TestVault } from '../harness.js';
import { readAudit } from './read-audit.js';

const vectorKey = 'alter_rk_abcdefghijklmnopqrstuv_iwpykn';
const startMs = 1_767_225_600_750;
const grantId = '11111111-1111-4111-8111-111111111111';

describeBothDatabases('signed requests', (kind) => {
  let vault: TestVault;
  let nowMs = startMs;
  beforeAll(async () => {
    vault = await startTestVault({
      kind,
      clock: () => nowMs,
      config: {
        version: 1,
        apps: [
          {
            slug: 'demo',
            name: 'Demo',
            api_keys: [
              { name: 'vector', value: vectorKey },
              { name: 'narrow', scopes: ['grants:read'] },
              { name: 'short', expires_at: new Date(startMs + 60_000).toISOString() },
              { name: 'inside', allowed_addresses: ['10.0.0.0/8'] },
            ],
          },
          { slug: 'other', name: 'Other', api_keys: [{ name: 'backend' }] },
        ],
      },
    });
  });
  afterAll(() => vault?.close());

  const get = (options = {}) => vault.signedFetch('GET', '/sdk/scopes', undefined, options);
  const list = (options = {}) => vault.signedFetch('POST', '/sdk/grants/list', {}, options);
  const codeOf = async (response: Response) =>
    [response.status, ((await response.json()) as { error?: string }).error] as const;

  it('T1: the published vectors pass the real server with their own headers', async () => {
    const body = `{"grant_id":"${grantId}","reason":"na\\u00efve \\u65e5\\u672c \\ud83d\\ude80","request":{"method":"GET","url":"https://api.example.com/v1/items?z=1"}}`;
    const headers = {
      'x-api-key': vectorKey,
      'X-Alter-Timestamp': '1767225600',
      'X-Alter-Nonce': '00112233445566778899aabbccddeeff',
      'X-Alter-Content-SHA256': '12ad294a1684677c3821440c23c32370960f84c4173497eadee6ab918ae12b0e',
      'X-Alter-Signature': '83f065a4b7815b38939a1c789c0fed5366f994f9a953bc40657aca2efad4cee5',
      'Content-Type': 'application/json',
    };
    const bad = { ...headers, 'X-Alter-Signature': headers['X-Alter-Signature'].replace('8', '9') };
    const refused = await vault.app.request('/sdk/token', { method: 'POST', headers: bad, body });
    expect(await codeOf(refused)).toEqual([401, 'invalid_signature']);
    const passed = await vault.app.request('/sdk/token', { method: 'POST', headers, body });
    expect(await codeOf(passed)).toEqual([404, 'grant_not_found']);
    const again = await vault.app.request('/sdk/token', { method: 'POST', headers, body });
    expect(await codeOf(again)).toEqual([401, 'nonce_reused']);
  });

  it('T1: the vector with every optional line passes as far as the rule that this version does not have', async () => {
    const body = `{"grant_id":"${grantId}","reason":null,"request":{"method":"GET","url":"https://api.example.com/v1/items"}}`;
    const signature = '7703cd2405b08547c282e9d55233df62bd30ce2b41f98711a9353f3faf196106';
    const headers = {
      'x-api-key': vectorKey,
      'X-Alter-Timestamp': '1767225600',
      'X-Alter-Nonce': '00112233445566778899aabbccddeeff'.replace('00', '00'),
      'X-Alter-Content-SHA256': '7eebfde1cb5d2b29dfd915c8a9c0df3ef9c74c24d685c894bbfa679113b33f5b',
      'X-Alter-Signature': signature,
      'X-Alter-Signature-V2': signature,
      'X-Alter-Caller': 'email-assistant',
      'X-Alter-Caller-Type': 'agent',
      'X-Alter-Actor-ID': '33333333-3333-4333-8333-333333333333',
      'X-Alter-Context': '{"run_id":"r-1"}',
      'X-Alter-Scope-Constraints': 'grants:read',
      'X-Alter-Request-Rule': 'eyJydWxlX3R5cGUiOiJqc29uX21hdGNoIiwicnVsZV9ib2R5Ijp7ImVmZmVjdCI6ImRlbnkifX0',
      'Content-Type': 'application/json',
    };
    const other = await startTestVault({
      kind: 'sqlite',
      clock: () => startMs,
      config: {
        version: 1,
        apps: [{ slug: 'demo', name: 'Demo', api_keys: [{ name: 'vector', value: vectorKey }] }],
      },
    });
    const passed = await other.app.request('/sdk/token', { method: 'POST', headers, body });
    const added = await other.app.request('/sdk/token', {
      method: 'POST',
      headers: { ...headers, 'X-Alter-Context': '{"run_id":"r-2"}' },
      body,
    });
    await other.close();
    expect(await codeOf(passed)).toEqual([422, 'not_supported_yet']);
    expect(await codeOf(added)).toEqual([401, 'invalid_signature']);
  });

  it('T1: 300 seconds of clock difference pass, 301 do not, in both directions', async () => {
    const now = Math.floor(nowMs / 1000);
    for (const timestampSeconds of [now - 300, now + 300]) {
      expect((await get({ timestampSeconds })).status).toBe(200);
    }
    for (const timestampSeconds of [now - 301, now + 301]) {
      expect(await codeOf(await get({ timestampSeconds }))).toEqual([401, 'timestamp_out_of_range']);
    }
  });

  it('T1: a nonce is good once, also at another process and after a restart', async () => {
    const nonce = 'ff112233445566778899aabbccddeeff';
    expect((await get({ nonce })).status).toBe(200);
    expect(await codeOf(await get({ nonce }))).toEqual([401, 'nonce_reused']);
    expect(await codeOf(await list({ nonce }))).toEqual([401, 'nonce_reused']);
    expect((await get({ nonce, apiKey: vault.apiKeys.other })).status).toBe(200);
    if (kind === 'postgres') {
      const sibling = await vault.openSibling();
      const answer = await sibling.signedFetch('GET', '/sdk/scopes', undefined, { nonce });
      expect(await codeOf(answer)).toEqual([401, 'nonce_reused']);
    }
    expect((await readAudit(vault, 'security.nonce_reused')).length).toBeGreaterThan(1);
  });

  it.each([
    ['missing_signature', { 'x-alter-signature': undefined }],
    ['missing_signature', { 'x-alter-nonce': undefined }],
    ['missing_signature', { 'x-api-key': undefined }],
    ['invalid_signature', { 'x-alter-signature': 'zz' }],
    ['invalid_signature', { 'x-alter-signature-v2': '0'.repeat(64) }],
    ['invalid_signature', { 'x-alter-timestamp': '12x' }],
    ['invalid_signature', { 'x-alter-nonce': 'short' }],
    ['invalid_signature', { 'x-alter-caller': 'added-later' }],
    ['invalid_signature', { 'x-alter-context': '{"a":"b"}' }],
    ['invalid_signature', { 'x-alter-actor-id': grantId }],
    ['invalid_key', { 'x-api-key': 'alter_rk_abcdefghijklmnopqrstuv_iwpykx' }],
    ['invalid_key', { 'x-api-key': `alter_key_${'a'.repeat(40)}` }],
    ['invalid_key', { 'x-alter-key-id': '0'.repeat(32) }],
  ])('T1: %s for %o, on record', async (code, headers) => {
    const answer = await get({ headers });
    expect(answer.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
    expect(await codeOf(answer)).toEqual([401, code]);
    // Found by its request: another writer's record of the same millisecond may stand before it.
    const records = await readAudit(vault, 'security.*');
    const record = records.find((item) => item.request_id === answer.headers.get('x-request-id'));
    expect(record).toMatchObject({ error_code: code, source_address: '127.0.0.1', decision: 'deny' });
  });

  it('T1: a body other than the signed one is refused', async () => {
    const answer = await list({ sentBody: '{"limit":1}' });
    expect(await codeOf(answer)).toEqual([401, 'invalid_signature']);
  });

  it('T1: a request signs with the id of its key alone, or with both when they belong together', async () => {
    const keyId = deriveKeyId(vectorKey);
    expect((await get({ headers: { 'x-api-key': undefined, 'x-alter-key-id': keyId } })).status).toBe(200);
    expect((await get({ headers: { 'x-api-key': undefined, 'x-alter-key-id': keyId } })).status).toBe(200);
    expect((await get({ headers: { 'x-alter-key-id': keyId } })).status).toBe(200);
    const foreign = deriveKeyId(vault.apiKeys.other ?? '');
    expect(await codeOf(await get({ headers: { 'x-alter-key-id': foreign } }))).toEqual([401, 'invalid_key']);
  });

  it('T1: an unknown query parameter and its order are no signature error', async () => {
    for (const path of ['/sdk/scopes?b=2&a=1', '/sdk/scopes?', '/sdk/scopes?x=%C3%A9&y=a+b']) {
      expect((await vault.signedFetch('GET', path)).status).toBe(200);
    }
  });

  it('refuses a key without the scope, with what is missing', async () => {
    const apiKey = vault.apiKeys['demo/narrow'] ?? '';
    expect((await list({ apiKey })).status).toBe(200);
    const answer = await vault.signedFetch('GET', '/sdk/oauth/provider-catalog', undefined, { apiKey });
    expect(answer.status).toBe(403);
    expect(await answer.json()).toMatchObject({
      error: 'insufficient_scope',
      required: ['providers:read'],
      granted: ['grants:read'],
      missing: ['providers:read'],
      scope_version: 1,
    });
  });

  it('a scope constraint narrows and never widens', async () => {
    const apiKey = vault.apiKeys['demo/narrow'] ?? '';
    expect((await list({ apiKey, scopeConstraints: 'grants:read' })).status).toBe(200);
    const widening = await list({ apiKey, scopeConstraints: 'grants:read,grants:write' });
    expect(await codeOf(widening)).toEqual([400, 'constraint_not_narrowing']);
    expect(await codeOf(await list({ scopeConstraints: '*' }))).toEqual([400, 'constraint_not_narrowing']);
    const narrowed = await list({ scopeConstraints: 'providers:read' });
    expect(await codeOf(narrowed)).toEqual([403, 'insufficient_scope']);
    const qualified = await list({ scopeConstraints: `grants:read:${grantId}` });
    expect(await codeOf(qualified)).toEqual([422, 'not_supported_yet']);
  });

  it('refuses a key from another address than its own', async () => {
    const apiKey = vault.apiKeys['demo/inside'] ?? '';
    expect((await get({ apiKey, remoteAddress: '10.1.2.3' })).status).toBe(200);
    expect((await get({ apiKey, remoteAddress: '::ffff:10.1.2.3' })).status).toBe(200);
    expect(await codeOf(await get({ apiKey }))).toEqual([403, 'ip_not_allowed']);
    const forged = await get({ apiKey, headers: { 'x-forwarded-for': '10.1.2.3' } });
    expect(await codeOf(forged)).toEqual([403, 'ip_not_allowed']);
  });

  it('refuses an expired key', async () => {
    const apiKey = vault.apiKeys['demo/short'] ?? '';
    expect((await get({ apiKey })).status).toBe(200);
    nowMs += 60_000;
    expect(await codeOf(await get({ apiKey }))).toEqual([401, 'key_expired']);
    nowMs -= 60_000;
  });
});
