import type { AuditMonth } from '../audit-tables.js';
import type { NonceKey } from '../nonces.js';

/** One row of a month's table; `record` is canonical JSON, and `hash` the chain's hash after it. */
export interface AuditRow {
  readonly sequence: number;
  readonly appId: string | null;
  readonly id: string;
  readonly at: number;
  readonly kind: string;
  readonly grantId: string | null;
  readonly providerId: string | null;
  readonly userId: string | null;
  readonly outcome: string | null;
  readonly record: string;
  readonly hash: Buffer;
}

/** What one durable write adds to one chain: rows of one month, and the sealed head after them. */
export interface AuditBatch {
  readonly chainId: string;
  readonly month: AuditMonth;
  readonly rows: readonly AuditRow[];
  readonly sequence: number;
  readonly sealedHead: Buffer;
  readonly at: number;
}

/** Writes batches durably. */
export interface AuditWriter {
  /**
   * One transaction: claims the nonces, asks `build` for the rows, given which claims were new (aligned with `claims`; true where
   * there was none), and writes them with the chain's head. `build` may be asked more than once; only its last answer is stored;
   * null writes no row. Rejects with the driver's error; then it is unknown whether the batch was stored.
   */
  write(
    claims: readonly (NonceKey | null)[],
    build: (accepted: readonly boolean[]) => AuditBatch | null,
  ): Promise<void>;
}
