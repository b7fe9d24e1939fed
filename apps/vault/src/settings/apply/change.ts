import type { VaultDeps } from '../../deps.js';
import type { SettingsWrite } from '../../storage/settings/app-writes.js';

/** What applying a file would do with one thing. */
export interface Change {
  readonly action: 'create' | 'change' | 'remove' | 'unchanged';
  readonly kind:
    | 'audit'
    | 'app'
    | 'api_key'
    | 'provider'
    | 'identity_provider'
    | 'policy'
    | 'webhook'
    | 'managed_secret';
  /** Slug of the app; empty for what belongs to the whole vault. */
  readonly app: string;
  readonly name: string;
  /** Names of what differs; never values. */
  readonly fields: readonly string[];
}

/** An API key after applying; `value` only when it was made here, and never again. */
export interface AppliedKey {
  readonly name: string;
  readonly id: string;
  readonly value?: string;
}

/** The identity provider that an app has after applying; grants for its groups name this id. */
export interface AppliedIdentityProvider {
  readonly id: string;
  readonly issuer: string;
}

/** A managed secret after applying, with its grants. */
export interface AppliedSecret {
  readonly slug: string;
  readonly id: string;
  readonly grants: readonly { readonly grant_id: string; readonly label: string }[];
}

/** What planning may use: reading and sealing, no writing. */
export type PlanDeps = Pick<VaultDeps, 'storage' | 'keyring' | 'clock'>;

/** Where one part of an app's plan collects what is to be done. */
export interface PlanPart {
  readonly deps: PlanDeps;
  readonly appId: string;
  readonly slug: string;
  /** Issuer of the app's identity provider, as it will be. */
  readonly issuer: string | undefined;
  readonly isPruning: boolean;
  readonly nowMs: number;
  readonly changes: Change[];
  readonly writes: SettingsWrite[];
  /** Reports a mistake at a place below the app. */
  readonly report: (path: readonly PropertyKey[], message: string) => void;
}

/** Notes what happens to one thing. */
export function noteChange(
  part: PlanPart,
  kind: Change['kind'],
  name: string,
  action: Change['action'],
  fields: readonly string[] = [],
): void {
  part.changes.push({ action, kind, app: part.slug, name, fields });
}

/** Names of the fields whose values differ. */
export function listDifferences<T extends object>(
  stored: T,
  wanted: { [Key in keyof T]?: unknown },
): string[] {
  return Object.keys(wanted).filter(
    (key) => JSON.stringify(stored[key as keyof T]) !== JSON.stringify(wanted[key as keyof T]),
  );
}
