import type { Egress } from '@alter-ai/egress';
import type { Logger } from 'pino';
import type { AuditLog } from './audit/audit-log.js';
import type { VaultConfig } from './config.js';
import type { TimeLimits } from './http/limits/time-limits.js';
import type { Keyring } from './keys/keyring.js';
import type { SettingsReader } from './settings/settings-reader.js';
import type { Storage } from './storage/database/storage.js';
import type { Telemetry } from './telemetry/telemetry.js';

/** Everything a use case can reach. Use cases are functions `(deps, input) => Promise<output>`. */
export interface VaultDeps {
  readonly config: VaultConfig;
  readonly storage: Storage;
  readonly keyring: Keyring;
  readonly audit: AuditLog;
  readonly settings: SettingsReader;
  readonly egress: Egress;
  readonly log: Logger;
  /** Absent where nobody can read it: in the `alter` command, and in tests. */
  readonly telemetry?: Telemetry;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
  readonly timeLimits: TimeLimits;
  /** What the bodies of all requests under way take together at most; see `createBodyBudget`. */
  readonly bodiesBytesMax?: number;
  /** Identifies this process in leases. */
  readonly processId: string;
  /** Signed requests must be younger, Unix seconds: set for some minutes after a restore, whose backup does not know every nonce (T1). */
  readonly signedAfterSeconds?: number;
  /** Aborts when the server stops: what only waits (long polls) answers at once then (F3). */
  readonly stopping?: AbortSignal;
}
