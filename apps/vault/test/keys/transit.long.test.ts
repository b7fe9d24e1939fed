import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generateRootKey, OpenError, parseRootKey, readForeign } from '@alter-ai/core-crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ConfigError, loadConfig } from '../../src/config.js';
import { toApiError } from '../../src/http/respond.js';
import { openVaultData } from '../../src/keys/open-vault-data.js';
import { createLocalRootKey } from '../../src/keys/root/local-root-key.js';
import { openRootKeys } from '../../src/keys/root/open-root-keys.js';
import { createRootKeys } from '../../src/keys/root/root-key-provider.js';
import { readMeta } from '../../src/storage/keys/meta.js';
import { forEachDatabase } from '../databases.js';
import { startTransitServer, type TransitServer } from './transit-server.js';

const clock = () => 1_795_000_000_000;
const place = { table: 'credentials', rowId: 'row', appId: 'app', field: 'tokens' };
let server: TransitServer;
let folder = '';

beforeEach(async () => {
  server = await startTransitServer({ token: 'kms-token', namespace: 'team', mount: 'kms/transit' });
  server.createKey('alter');
  folder = mkdtempSync(join(tmpdir(), 'alter-kms-'));
  writeFileSync(join(folder, 'token'), 'kms-token\n');
});
afterEach(async () => {
  await server.close();
  rmSync(folder, { recursive: true, force: true });
});

function environment(more: Record<string, string> = {}): Record<string, string> {
  return {
    ALTER_VAULT_ENV: 'development',
    ALTER_VAULT_DATA_DIR: folder,
    ALTER_VAULT_KMS_URL: server.url,
    ALTER_VAULT_KMS_KEY: 'alter',
    ALTER_VAULT_KMS_MOUNT: 'kms/transit',
    ALTER_VAULT_KMS_NAMESPACE: 'team',
    ALTER_VAULT_KMS_TOKEN_FILE: join(folder, 'token'),
    ...more,
  };
}
const openKeys = (more?: Record<string, string>) => openRootKeys(loadConfig(environment(more))).rootKeys;

describe('root key in a transit engine', () => {
  it('K2: wraps and unwraps as the engine documents it, and the engine sees no more than it must', async () => {
    const { forVault: key } = openKeys();
    const wrapped = await key.wrap(place, Buffer.alloc(32, 7));
    expect(readForeign(wrapped)).toMatch(/^vault:v1:/);
    expect([key.id, key.describe(wrapped)]).toEqual([
      'transit:team/kms/transit/alter',
      'transit:team/kms/transit/alter v1',
    ]);
    expect(await key.unwrap(place, wrapped)).toEqual(Buffer.alloc(32, 7));
    expect(server.calls.map((call) => `${call.method} ${call.path}`)).toEqual([
      'GET /v1/kms/transit/keys/alter',
      'POST /v1/kms/transit/encrypt/alter',
      'POST /v1/kms/transit/decrypt/alter',
    ]);
    expect(server.calls.every((call) => call.token === 'kms-token' && call.namespace === 'team')).toBe(true);
  });

  it('K1, K2: what is wrapped for one app does not unwrap for another', async () => {
    const { forVault: key } = openKeys();
    const wrapped = await key.wrap(place, Buffer.alloc(32, 7));
    await expect(key.unwrap({ ...place, appId: 'other' }, wrapped)).rejects.toThrow(OpenError);
  });

  it('K3: a new version of the key in the engine wraps from now on, and older ones unwrap', async () => {
    const { forVault: key } = openKeys();
    const old = await key.wrap(place, Buffer.alloc(32, 7));
    server.rotateKey('alter');
    expect(await key.describeCurrent()).toBe('transit:team/kms/transit/alter v2');
    expect(key.describe(await key.wrap(place, Buffer.alloc(32, 7)))).toMatch(/ v2$/);
    expect(await key.unwrap(place, old)).toEqual(Buffer.alloc(32, 7));
    server.setOldestVersion('alter', 2);
    await expect(key.unwrap(place, old)).rejects.toThrow('min_decryption_version');
  });

  it('K4: a mistyped name makes no key, also where the policy would let it', async () => {
    const { forVault: key } = openKeys({ ALTER_VAULT_KMS_KEY: 'altre' });
    await expect(key.wrap(place, Buffer.alloc(32))).rejects.toMatchObject({ isRefused: true });
    expect(server.keyNames()).toEqual(['alter']);
  });

  it('what passes by itself is tried again, and what does not is said at once', async () => {
    const { forVault: key } = openKeys();
    server.answerNext(
      {
        status: 429,
        errors: ['request path "kms/transit/keys/alter": rate limit quota exceeded'],
        retryAfter: '0',
      },
      { status: 502, errors: [] },
    );
    const wrapped = await key.wrap(place, Buffer.alloc(32, 7));
    expect(server.calls).toHaveLength(4);
    writeFileSync(join(folder, 'token'), 'old-token');
    const refused = await key.unwrap(place, wrapped).catch((error: Error) => error);
    expect(refused).toMatchObject({ name: 'KeyServiceError', isRefused: true });
    expect(String(refused)).toContain('refuses the token (403)');
    expect(String(refused)).not.toContain('old-token');
    expect(server.calls).toHaveLength(5);
    // The token is read anew: an agent has renewed it.
    writeFileSync(join(folder, 'token'), 'kms-token');
    expect(await key.unwrap(place, wrapped)).toEqual(Buffer.alloc(32, 7));
    server.setSealed(true);
    await expect(key.unwrap(place, wrapped)).rejects.toMatchObject({
      isRefused: false,
      message: expect.stringContaining('is sealed (503)'),
    });
    const sealed = await key.unwrap(place, wrapped).catch((error: unknown) => error);
    expect(toApiError(sealed)).toMatchObject({ code: 'service_unavailable', status: 503 });
    const { url } = server;
    await server.close();
    await expect(key.unwrap(place, wrapped)).rejects.toMatchObject({ isRefused: false });
    server = await startTransitServer({ token: 'x' });
    expect(url).not.toBe(server.url);
  }, 30_000);

  it('unknown and bad settings are refused, one line each', () => {
    const problems = (more: Record<string, string>) => {
      try {
        loadConfig(environment(more));
        return [];
      } catch (error) {
        return error instanceof ConfigError ? error.problems.map((line) => line.split(':')[0]) : [error];
      }
    };
    expect(problems({})).toEqual([]);
    expect(problems({ ALTER_VAULT_KMS_URL: 'http://bao.example.com' })).toEqual(['ALTER_VAULT_KMS_URL']);
    expect(problems({ ALTER_VAULT_KMS_URL: '' })).toEqual([
      'ALTER_VAULT_KMS_KEY',
      'ALTER_VAULT_KMS_TOKEN_FILE',
      'ALTER_VAULT_KMS_MOUNT',
      'ALTER_VAULT_KMS_NAMESPACE',
    ]);
    expect(problems({ ALTER_VAULT_KMS_KEY: 'a/b', ALTER_VAULT_KMS_USE: 'maybe' })).toEqual([
      'ALTER_VAULT_KMS_KEY',
      'ALTER_VAULT_KMS_USE',
    ]);
    expect(problems({ ALTER_VAULT_ROOT_KEY: generateRootKey() })).toEqual(['ALTER_VAULT_KMS_URL']);
    expect(problems({ ALTER_VAULT_ROOT_KEY: generateRootKey(), ALTER_VAULT_KMS_USE: 'previous' })).toEqual(
      [],
    );
    expect(problems({ ALTER_VAULT_KMS_TOKEN_FILE: '', ALTER_VAULT_KMS_APP_KEYS: 'two' })).toEqual([
      'ALTER_VAULT_KMS_TOKEN_FILE',
      'ALTER_VAULT_KMS_APP_KEYS',
    ]);
  });
});

forEachDatabase('a database under a transit key', (createDatabase) => {
  it('K4: opens again, and is refused with another key, with exact messages and before any write', async () => {
    const database = await createDatabase();
    const open = (rootKey: ReturnType<typeof openKeys>) =>
      openVaultData({ ...database.options, rootKey, clock });
    const { storage } = await open(openKeys());
    const sealed = await readMeta(storage, 'vault_key');
    await storage.close();
    await (await open(openKeys())).storage.close();

    server.createKey('second');
    await expect(open(openKeys({ ALTER_VAULT_KMS_KEY: 'second' }))).rejects.toMatchObject({
      message:
        'The root key does not belong to this database: it was sealed with root key transit:team/kms/transit/alter, and the given one is transit:team/kms/transit/second. Set ALTER_VAULT_KMS_KEY (with ALTER_VAULT_KMS_URL, _MOUNT and _NAMESPACE) to the key that these data were made with. Nothing was changed.',
      exitCode: 78,
    });
    const local = parseRootKey(generateRootKey());
    await expect(open(createRootKeys({ forVault: createLocalRootKey(local) }))).rejects.toThrow(
      `it was sealed with root key transit:team/kms/transit/alter, and the given one is ${local.id}.`,
    );
    server.replaceKey('alter');
    await expect(open(openKeys())).rejects.toMatchObject({
      message: expect.stringContaining('it is another key of the same name'),
      exitCode: 78,
    });
    writeFileSync(join(folder, 'token'), 'wrong');
    await expect(open(openKeys())).rejects.toMatchObject({
      message: expect.stringContaining('refuses the token (403)'),
      exitCode: 78,
    });
    const again = await database.openEmpty();
    expect(await readMeta(again, 'vault_key')).toEqual(sealed);
  });

  it('is not opened while the service is sealed, and that is no fault of the configuration', async () => {
    const database = await createDatabase();
    server.setSealed(true);
    const opened = openVaultData({ ...database.options, rootKey: openKeys(), clock });
    await expect(opened).rejects.toMatchObject({ code: 'key_service_unavailable', isRefused: false });
  });
});
