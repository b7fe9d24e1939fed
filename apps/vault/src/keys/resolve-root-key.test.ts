import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generateRootKey, parseRootKey } from '@alter-ai/core-crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type RootKeyPurpose, resolveRootKey } from './resolve-root-key.js';

const key = generateRootKey();
const none = { envValue: undefined, file: undefined };

describe('root key', () => {
  let dataDir = '';
  beforeEach(() => {
    dataDir = mkdtempSync(join(tmpdir(), 'alter-root-'));
  });
  afterEach(() => rmSync(dataDir, { recursive: true, force: true }));

  it('K4: production without a key does not start, and the message gives the command that makes one', () => {
    const resolve = () => resolveRootKey({ ...none, isDevelopment: false, dataDir });
    expect(resolve).toThrow('openssl rand -base64 32');
    expect(resolve).toThrow(expect.objectContaining({ exitCode: 78 }));
  });

  it('K4: where something is there to open, no message offers to make a key, and a key beside the data is named', () => {
    const read = (purpose: RootKeyPurpose, isDevelopment = false) => {
      try {
        resolveRootKey({ ...none, isDevelopment, dataDir, purpose });
      } catch (error) {
        return error instanceof Error ? error.message : '';
      }
      return '';
    };
    for (const purpose of ['begin', 'open'] as const) {
      expect(read(purpose)).toContain('ALTER_VAULT_ROOT_KEY_FILE');
      expect(read(purpose)).not.toContain('openssl');
    }
    expect(read('open', true)).toContain('ALTER_VAULT_ROOT_KEY_FILE');
    expect(existsSync(join(dataDir, 'root.key'))).toBe(false);
    writeFileSync(join(dataDir, 'vault.db'), '');
    expect(read('serve')).not.toContain('openssl');
    writeFileSync(join(dataDir, 'root.key'), `${key}\n`);
    for (const purpose of ['serve', 'begin', 'open'] as const) {
      expect(read(purpose)).toContain(join(dataDir, 'root.key'));
      expect(read(purpose)).toContain('ALTER_VAULT_ENV=development');
      expect(read(purpose)).not.toContain('openssl');
    }
  });

  it('K4: the line that makes a key, followed twice, leaves the first key as it was, outside the data folder', () => {
    const message = (() => {
      try {
        resolveRootKey({ ...none, isDevelopment: false, dataDir });
      } catch (error) {
        return error instanceof Error ? error.message : '';
      }
      return '';
    })();
    const line = message.split('\n').at(-1) ?? '';
    const home = mkdtempSync(join(tmpdir(), 'alter-home-'));
    try {
      const follow = () =>
        spawnSync('sh', ['-c', `${line} && printf %s "$ALTER_VAULT_ROOT_KEY_FILE"`], {
          env: { PATH: process.env.PATH, HOME: home },
          encoding: 'utf8',
        });
      const file = follow().stdout;
      const first = readFileSync(file, 'utf8');
      expect(file.startsWith(dataDir)).toBe(false);
      expect(statSync(file).mode & 0o777).toBe(0o600);
      expect(resolveRootKey({ envValue: undefined, file, isDevelopment: false, dataDir }).source).toBe(
        'file',
      );
      expect(follow().status).not.toBe(0);
      expect(readFileSync(file, 'utf8')).toBe(first);
    } finally {
      rmSync(home, { recursive: true, force: true });
    }
  });

  it('takes the environment, or a file with a newline at its end, but not both', () => {
    const file = join(dataDir, 'key');
    writeFileSync(file, `${key}\n`);
    const { id } = parseRootKey(key);
    const fromEnvironment = resolveRootKey({ envValue: key, file: undefined, isDevelopment: false, dataDir });
    expect([fromEnvironment.rootKey.id, fromEnvironment.source]).toEqual([id, 'environment']);
    const fromFile = resolveRootKey({ envValue: undefined, file, isDevelopment: false, dataDir });
    expect([fromFile.rootKey.id, fromFile.source, fromFile.path]).toEqual([id, 'file', file]);
    expect(() => resolveRootKey({ envValue: key, file, isDevelopment: false, dataDir })).toThrow('not both');
  });

  it('K4: development makes a key that only its owner may read, once, and says where', () => {
    const first = resolveRootKey({ ...none, isDevelopment: true, dataDir });
    expect([first.source, first.path]).toEqual(['generated', join(dataDir, 'root.key')]);
    expect(statSync(join(dataDir, 'root.key')).mode & 0o777).toBe(0o600);
    const second = resolveRootKey({ ...none, isDevelopment: true, dataDir });
    expect([second.source, second.rootKey.id]).toEqual(['development_file', first.rootKey.id]);
  });

  it('K4: development makes no new key beside a database that was sealed with a lost one', () => {
    resolveRootKey({ ...none, isDevelopment: true, dataDir });
    writeFileSync(join(dataDir, 'vault.db'), '');
    unlinkSync(join(dataDir, 'root.key'));
    expect(() => resolveRootKey({ ...none, isDevelopment: true, dataDir })).toThrow('is gone');
  });

  it('K7: a bad key is refused without being repeated', () => {
    for (const value of ['', 'not base64 at all!', Buffer.from('too short, secret').toString('base64')]) {
      const error = (() => {
        try {
          return resolveRootKey({ envValue: value, file: undefined, isDevelopment: true, dataDir });
        } catch (caught) {
          return caught instanceof Error ? caught.message : '';
        }
      })();
      expect(error).toContain('ALTER_VAULT_ROOT_KEY: ');
      if (value !== '') expect(error).not.toContain(value);
    }
    expect(() =>
      resolveRootKey({ envValue: undefined, file: join(dataDir, 'no'), isDevelopment: false, dataDir }),
    ).toThrow('ENOENT');
    expect(() => readFileSync(join(dataDir, 'root.key'))).toThrow('ENOENT');
  });
});
