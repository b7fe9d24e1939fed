import type { VaultMetrics } from './metrics/vault-metrics.js';
import type { Tracing } from './tracing/tracing.js';

/** What a server tells about itself while it works. */
export interface Telemetry {
  /** Null where nobody may read them. */
  readonly metrics: VaultMetrics | null;
  /** Null where no collector is configured. */
  readonly tracing: Tracing | null;
}
