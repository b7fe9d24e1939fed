import { randomBytes } from 'node:crypto';
import { linkSync, mkdirSync, readFileSync, rmSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  frameForeign,
  OpenError,
  open,
  parseRootKey,
  readForeign,
  readKeyId,
  seal,
} from '@alter-ai/core-crypto';
import { KeyServiceError } from './key-service-error.js';
import type { RootKeyProvider } from './root-key-provider.js';

const idEnd = '+folder';

/**
 * Wraps the key of each app twice: by the root key, and by a key of its own that is a file in a folder. The folder belongs in no backup
 * of the database: once an app's file is gone, no copy of the database opens what was the app's, root key or not (K2).
 */
export function createAppKeyFolder(folder: string, root: RootKeyProvider): RootKeyProvider {
  const id = `${root.id}${idEnd}`;
  const pathOf = (appId: string) => join(folder, `${appId}.key`);
  return {
    id,
    wrap: async (context, key) => {
      const own = { id, key: loadKey(pathOf(context.appId), { isMade: true }) };
      const inner = await root.wrap(context, seal(own, context, key));
      return frameForeign(id, inner.toString('base64'));
    },
    unwrap: async (context, wrapped) => {
      const inner = await root.unwrap(context, Buffer.from(readForeign(wrapped), 'base64'));
      return open({ id, key: loadKey(pathOf(context.appId), { isMade: false }) }, context, inner);
    },
    describe: (wrapped) => readKeyId(wrapped),
    describeCurrent: async () => id,
    destroyAppKey: async (appId) => rmSync(pathOf(appId), { force: true }),
    // One file stands for the app, whichever root key was there with it.
    destroysUnder: (keyId) => keyId.endsWith(idEnd),
  };

  function loadKey(path: string, options: { isMade: boolean }) {
    for (;;) {
      try {
        return parseRootKey(readFileSync(path, 'utf8')).key;
      } catch (error) {
        const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
        if (code === 'ENOENT' && options.isMade) {
          makeKey(path);
          continue;
        }
        // Gone for good, or not there yet after a restore: what it unwraps does not open.
        if (code === 'ENOENT') throw new OpenError();
        throw new KeyServiceError(`${path} cannot be read (${code}).`, { isRefused: true });
      }
    }
  }

  function makeKey(path: string): void {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    // Written whole before it gets its name: a process that reads at the same time sees all of it or nothing.
    const draft = `${path}.${process.pid}.${randomBytes(4).toString('hex')}`;
    writeFileSync(draft, `${randomBytes(32).toString('base64')}\n`, { mode: 0o600, flag: 'wx', flush: true });
    try {
      linkSync(draft, path);
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
    } finally {
      unlinkSync(draft);
    }
  }
}
