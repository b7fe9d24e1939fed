import type { KeyObject } from 'node:crypto';
import type { SealContext } from '@alter-ai/core-crypto';
import type { RootKeys } from './root/root-key-provider.js';
import type { AppKeyStore } from './store/app-key-store.js';

/** Seals and opens the vault's secrets: root key → app key → data key (K1, K2). */
export interface Keyring {
  /**
   * Seals a secret for the place that `context` names. The app must exist.
   * Inside `storage.transaction` call `prepare(appId)` before the transaction begins; else this throws.
   */
  seal(context: SealContext, plaintext: string): Promise<Buffer>;
  /** Opens a sealed secret. Throws OpenError for every cause alike; each failure is counted and reported (K8). */
  open(context: SealContext, sealed: Uint8Array): Promise<string>;
  /** Opens a sealed secret that belongs to one of several places, and says to which. Throws OpenError, counted once. */
  openAny(
    contexts: readonly SealContext[],
    sealed: Uint8Array,
  ): Promise<{ context: SealContext; plaintext: string }>;
  /** Makes sure that this process has a data key of the app, so that `seal` needs no database. */
  prepare(appId: string): Promise<void>;
  /** A new key-encryption key for an app, wrapped: goes into `apps.wrapped_key` of the row that is inserted. */
  createAppKey(appId: string): Promise<Buffer>;
  /** What `api_keys.lookup_digest` holds for a key id: a digest under a key that a dump does not show (K5). */
  lookupDigest(keyId: string): string;
  /** A 256-bit key for one purpose (`cookie`, `wallet`, …); the same in every process, and after a change of the root key. */
  deriveKey(label: string): KeyObject;
  /** Seals a value of the whole server for `meta` (or another table without an app); `name` binds it to its place. */
  sealMeta(name: string, plaintext: string): Buffer;
  /** Opens what `sealMeta` made. Throws OpenError. */
  openMeta(name: string, sealed: Uint8Array): string;
  /** How many values failed to open since start (K8). */
  countOpenFailures(): number;
  /** Is called with the place of each value that fails to open; the server records it in the audit log (K8). */
  onOpenFailure(listener: (context: SealContext) => void): void;
  /** The keys at the top, and those of apps: for rotating and destroying them. */
  readonly rootKeys: RootKeys;
  readonly appKeys: AppKeyStore;
  /** The next value of the app is sealed with a new data key: the one at hand may be retired. */
  renewSealingKey(appId: string): void;
  /** Drops from memory what opens an app's values: its key was destroyed. */
  forgetApp(appId: string): void;
}
