import { type Counter, createCounter, createHistogram, type Histogram } from './instruments.js';

/** Everything that the server counts while it works; what it only looks up is in `readGauges`. */
export interface VaultMetrics {
  /** Seconds; labels `method`, `route` (the pattern, never the path) and `status`. */
  readonly requests: Histogram;
  /** Seconds; label `outcome`: the kinds of `RefreshOutcome`, or `failed`. */
  readonly refreshes: Histogram;
  /** Seconds; label `outcome`: the class of the status (`2xx`), or egress's error code. */
  readonly providerRequests: Histogram;
  /** Records of one durable write (A6). */
  readonly auditBatchRecords: Histogram;
  /** Seconds of one durable write. */
  readonly auditBatches: Histogram;
  readonly auditFailures: Counter;
  /** Seconds; labels `job` and `outcome` (`done`, `failed`). */
  readonly jobs: Histogram;
}

const secondsOfCalls = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];
const secondsOfWork = [0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60, 300];
const sizes = [1, 2, 5, 10, 20, 50, 100, 200, 500];

/** Makes the instruments of one server. */
export function createVaultMetrics(): VaultMetrics {
  return {
    requests: createHistogram(
      'alter_http_request_duration_seconds',
      'Requests by route and status, and how long the answer took',
      secondsOfCalls,
    ),
    refreshes: createHistogram(
      'alter_refresh_duration_seconds',
      'Refreshes of credentials by outcome',
      secondsOfCalls,
    ),
    providerRequests: createHistogram(
      'alter_provider_request_duration_seconds',
      'Requests to providers and identity providers by outcome',
      secondsOfCalls,
    ),
    auditBatchRecords: createHistogram(
      'alter_audit_batch_records',
      'Records and nonces that one durable write of the audit log took',
      sizes,
    ),
    auditBatches: createHistogram(
      'alter_audit_batch_duration_seconds',
      'Durable writes of the audit log',
      secondsOfCalls,
    ),
    auditFailures: createCounter(
      'alter_audit_write_failures_total',
      'Writes of the audit log that failed; their calls were refused',
    ),
    jobs: createHistogram(
      'alter_job_duration_seconds',
      'Runs of the background jobs in this process',
      secondsOfWork,
    ),
  };
}
