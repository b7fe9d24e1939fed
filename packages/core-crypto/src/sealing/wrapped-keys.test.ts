import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { OpenError } from './open-error.js';
import {
  deriveKey,
  generateRootKey,
  openWithRoot,
  parseRootKey,
  type RootKey,
  RootKeyError,
  sealWithRoot,
} from './root-key.js';
import { frameForeign, open, readForeign, readKeyId, seal } from './sealed-record.js';
import {
  type AppKey,
  createDataKeyCounter,
  dataKeyUsesMax,
  generateAppKey,
  generateDataKey,
  importAppKey,
  placeAppKey,
  unwrapDataKey,
  wrapDataKey,
} from './wrapped-keys.js';

const wrapAppKey = (key: RootKey, appId: string, appKey: AppKey) =>
  sealWithRoot(key, placeAppKey(appId), appKey.key.export());
const unwrapAppKey = (key: RootKey, appId: string, wrapped: Uint8Array) =>
  importAppKey(openWithRoot(key, placeAppKey(appId), wrapped));

const rootText = Buffer.alloc(32, 3).toString('base64');
const root = parseRootKey(rootText);
const place = { table: 'meta', rowId: 'canary', appId: '', field: 'value' };

describe('root key', () => {
  it('K4: a generated key parses; its id is stable and shows nothing of it', () => {
    const text = generateRootKey();
    const parsed = parseRootKey(`${text}\n`);
    expect(parsed.id).toMatch(/^[0-9a-f]{16}$/);
    expect(parseRootKey(text).id).toBe(parsed.id);
    expect(parseRootKey(generateRootKey()).id).not.toBe(parsed.id);
    expect(Buffer.from(text, 'base64').toString('hex')).not.toContain(parsed.id);
  });

  it.each([
    ['', 'empty'],
    ['   ', 'empty'],
    ['not base64 at all!', 'not base64'],
    [Buffer.alloc(31, 1).toString('base64'), '31 bytes'],
    [Buffer.alloc(33, 1).toString('base64'), '33 bytes'],
    [Buffer.alloc(32, 1).toString('hex'), '48 bytes'],
  ])('K4: %s is refused with a message that says why and not what', (text, why) => {
    expect(() => parseRootKey(text)).toThrow(RootKeyError);
    expect(() => parseRootKey(text)).toThrow(why);
    try {
      parseRootKey(text);
    } catch (error) {
      if (text.trim() !== '') expect(String(error)).not.toContain(text);
      expect(error).toMatchObject({ code: 'root_key_invalid' });
    }
  });

  it('K7: a root key shows nothing in inspect and JSON', () => {
    for (const shown of [inspect(root, { depth: 9, showHidden: true }), JSON.stringify(root)]) {
      expect(shown).not.toContain(rootText);
      expect(shown).not.toContain('03 03 03');
    }
  });

  it('K4: a canary sealed with one root key does not open with another', () => {
    const sealed = sealWithRoot(root, place, 'canary');
    expect(openWithRoot(root, place, sealed).toString()).toBe('canary');
    expect(readKeyId(sealed)).toBe(root.id);
    expect(() => openWithRoot(parseRootKey(generateRootKey()), place, sealed)).toThrow(OpenError);
    expect(() => openWithRoot(root, { ...place, rowId: 'x' }, sealed)).toThrow(OpenError);
  });

  it('K2: derived keys differ by label and by root, are stable, and are not the sealing key', () => {
    expect(deriveKey(root, 'cookie').equals(deriveKey(parseRootKey(rootText), 'cookie'))).toBe(true);
    expect(deriveKey(root, 'cookie').equals(deriveKey(root, 'wallet'))).toBe(false);
    expect(deriveKey(root, 'cookie').equals(root.key)).toBe(false);
    expect(deriveKey(root, 'cookie').equals(deriveKey(parseRootKey(generateRootKey()), 'cookie'))).toBe(
      false,
    );
    expect(deriveKey(root, 'cookie').symmetricKeySize).toBe(32);
    const sealed = sealWithRoot(root, place, 'x');
    expect(() => open({ id: root.id, key: root.key }, place, sealed)).toThrow(OpenError);
  });
});

describe('key hierarchy', () => {
  const appKey = generateAppKey();
  const dataKey = generateDataKey('dk-1');

  it('K2: root wraps app key wraps data key, and a value opens through the whole chain', () => {
    const wrappedAppKey = wrapAppKey(root, 'app-1', appKey);
    const wrappedDataKey = wrapDataKey(appKey, 'app-1', dataKey);
    const context = { table: 'credentials', rowId: 'r', appId: 'app-1', field: 'tokens' };
    const sealed = seal(dataKey, context, 'token');

    const reopenedAppKey = unwrapAppKey(parseRootKey(rootText), 'app-1', wrappedAppKey);
    expect(reopenedAppKey.id).toBe(appKey.id);
    const reopened = unwrapDataKey(reopenedAppKey, 'app-1', readKeyId(sealed), wrappedDataKey);
    expect(open(reopened, context, sealed).toString()).toBe('token');
  });

  it('K2: wrapped keys name their wrapper, so that rotation finds what is left', () => {
    expect(readKeyId(wrapAppKey(root, 'app-1', appKey))).toBe(root.id);
    expect(readKeyId(wrapDataKey(appKey, 'app-1', dataKey))).toBe(appKey.id);
    expect(generateAppKey().id).not.toBe(appKey.id);
  });

  it('K2: a wrapped key moved to another app, id or wrapper does not open', () => {
    const wrappedAppKey = wrapAppKey(root, 'app-1', appKey);
    const wrappedDataKey = wrapDataKey(appKey, 'app-1', dataKey);
    expect(() => unwrapAppKey(root, 'app-2', wrappedAppKey)).toThrow(OpenError);
    expect(() => unwrapAppKey(parseRootKey(generateRootKey()), 'app-1', wrappedAppKey)).toThrow(OpenError);
    expect(() => unwrapDataKey(appKey, 'app-2', 'dk-1', wrappedDataKey)).toThrow(OpenError);
    expect(() => unwrapDataKey(appKey, 'app-1', 'dk-2', wrappedDataKey)).toThrow(OpenError);
    expect(() => unwrapDataKey(generateAppKey(), 'app-1', 'dk-1', wrappedDataKey)).toThrow(OpenError);
    expect(() => unwrapDataKey(appKey, 'app-1', 'dk-1', wrappedAppKey)).toThrow(OpenError);
  });

  it('K2: a wrapped value that is no 256-bit key is refused', () => {
    const short = sealWithRoot(root, placeAppKey('app-1'), 'short');
    expect(() => unwrapAppKey(root, 'app-1', short)).toThrow(OpenError);
  });

  it('K2: what a key service encrypted names its key too, and is no sealed record', () => {
    const framed = frameForeign('transit/alter', 'vault:v1:c2VhbGVk');
    expect([readKeyId(framed), readForeign(framed)]).toEqual(['transit/alter', 'vault:v1:c2VhbGVk']);
    expect(() => open({ id: 'transit/alter', key: root.key }, place, framed)).toThrow(OpenError);
    expect(() => readForeign(sealWithRoot(root, place, 'x'))).toThrow(OpenError);
    expect(() => readForeign(framed.subarray(0, 4))).toThrow(OpenError);
  });

  it('K3: the use limit is 2^24, at which random nonces collide 2^16 times less likely than at the bound of GCM', () => {
    const collides = (uses: number) => (uses * (uses - 1)) / 2 / 2 ** 96;
    expect(dataKeyUsesMax).toBe(2 ** 24);
    expect(collides(dataKeyUsesMax)).toBeLessThan(2 ** -48);
    expect(collides(2 ** 32) / collides(dataKeyUsesMax)).toBeGreaterThanOrEqual(2 ** 16);
  });

  it('K3: the use counter stops at the limit and takes all or nothing', () => {
    const counter = createDataKeyCounter(dataKeyUsesMax - 3);
    expect(counter.tryUse()).toBe(true);
    expect(counter.tryUse(3)).toBe(false);
    expect(counter.used()).toBe(dataKeyUsesMax - 2);
    expect(counter.tryUse(2)).toBe(true);
    expect(counter.tryUse()).toBe(false);
    expect(counter.used()).toBe(2 ** 24);
    for (const count of [0, -1, 0.5, Number.NaN]) expect(createDataKeyCounter().tryUse(count)).toBe(false);
    expect(createDataKeyCounter(Number.NaN).tryUse()).toBe(false);
  });
});
