import { createHash } from 'node:crypto';
import {
  encodeContext,
  frameForeign,
  OpenError,
  readForeign,
  readKeyId,
  type SealContext,
} from '@alter-ai/core-crypto';
import type { RootKeyProvider } from './root-key-provider.js';
import type { TransitClient } from './transit-client.js';

const digestBytes = 32;

/**
 * A root key that never leaves OpenBao or Vault: its transit engine encrypts and decrypts. The place of a key goes into what is
 * encrypted, as a digest before it, and is compared after decrypting: every version of the engine and every type of key can do that.
 */
export function createTransitRootKey(engine: {
  readonly client: TransitClient;
  readonly mount: string;
  readonly namespace: string | undefined;
  /** Name of the key in the engine. */
  readonly name: string;
}): RootKeyProvider {
  const { client, name } = engine;
  const id = describeId(engine);
  return {
    id,
    wrap: async (context, key) => {
      // Where the policy allows it, encrypting with a key that is not there would make one: a mistyped name must not.
      await client.readLatestVersion(name);
      return frameForeign(id, await client.encrypt(name, bind(id, context, key)));
    },
    unwrap: async (context, wrapped) =>
      release(id, context, await client.decrypt(name, readForeign(wrapped))),
    describe: (wrapped) => `${readKeyId(wrapped)} v${readVersion(wrapped)}`,
    describeCurrent: async () => `${id} v${await client.readLatestVersion(name)}`,
  };
}

/**
 * The same with a key of its own for each app, `NAME-app-APPID`, beside the one that wraps the vault's own. What is deleted there
 * unwraps nowhere, whatever copies of the database there are (K2).
 */
export function createTransitAppKeys(engine: Parameters<typeof createTransitRootKey>[0]): RootKeyProvider {
  const { client } = engine;
  const id = `${describeId(engine)}-app-*`;
  const nameOf = (appId: string) => `${engine.name}-app-${appId}`;
  return {
    id,
    wrap: async (context, key) => {
      await client.createKey(nameOf(context.appId));
      return frameForeign(id, await client.encrypt(nameOf(context.appId), bind(id, context, key)));
    },
    unwrap: async (context, wrapped) =>
      release(id, context, await client.decrypt(nameOf(context.appId), readForeign(wrapped))),
    describe: (wrapped) => readKeyId(wrapped),
    describeCurrent: async () => id,
    destroyAppKey: (appId) => client.deleteKey(nameOf(appId)),
  };
}

function describeId(engine: { mount: string; namespace: string | undefined; name: string }): string {
  const path = engine.namespace === undefined ? engine.mount : `${engine.namespace}/${engine.mount}`;
  return `transit:${path}/${engine.name}`;
}

function readVersion(wrapped: Uint8Array): string {
  return /^vault:v(\d+):/.exec(readForeign(wrapped))?.[1] ?? '?';
}

function digestPlace(id: string, context: SealContext): Buffer {
  return createHash('sha256').update(encodeContext(id, context)).digest();
}

function bind(id: string, context: SealContext, key: Uint8Array): Buffer {
  return Buffer.concat([digestPlace(id, context), key]);
}

function release(id: string, context: SealContext, plaintext: Buffer): Buffer {
  if (!plaintext.subarray(0, digestBytes).equals(digestPlace(id, context))) throw new OpenError();
  return plaintext.subarray(digestBytes);
}
