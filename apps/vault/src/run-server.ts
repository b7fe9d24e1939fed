import type { Logger } from 'pino';
import { uuidv7 } from 'uuidv7';
import { flushUses } from './access/last-used.js';
import { startAdminSocket } from './admin/admin-socket.js';
import type { ServerState } from './api/server/server-state.js';
import { createServerListener } from './app.js';
import { listCheckpointJobs } from './audit/checkpoints/checkpoint-jobs.js';
import { makeCheckpoint } from './audit/checkpoints/make-checkpoint.js';
import { createRetentionJob } from './audit/retention/retention-job.js';
import { createIndexJob } from './audit/search/index-job.js';
import { recordRestore } from './backup/restore-note.js';
import { type VaultConfig, withPort } from './config.js';
import type { VaultDeps } from './deps.js';
import { ApiError, buildErrorBody } from './http/api-error.js';
import { startHeartbeat } from './jobs/heartbeat.js';
import { createJobRunner, type JobRunner } from './jobs/job-runner.js';
import { listKeyJobs } from './jobs/key-jobs.js';
import { listRefreshJobs } from './jobs/refresh-jobs.js';
import { startDeliveries } from './jobs/start-deliveries.js';
import { listUpkeepJobs } from './jobs/upkeep-jobs.js';
import { listen } from './listen.js';
import { openVault } from './open-vault.js';
import { drainRefreshes } from './refresh/ensure-fresh.js';
import { applyAtStart } from './settings/apply/apply-at-start.js';
import { deleteEndedSessions } from './storage/live/connect-sessions.js';
import { observeJob } from './telemetry/observe.js';
import { startMetricsExport, startTelemetry } from './telemetry/start-telemetry.js';

/** A server that accepts calls. */
export interface RunningServer {
  readonly publicUrl: string;
  readonly port: number;
  /** Readiness turns false, accepted requests finish, everything is written and closed (F3); within 19 s. */
  stop(): Promise<void>;
}

/** Load balancers get to see that readiness is false before the socket closes. */
const stopNoticeMs = 300;
const drainTimeoutMs = 12_000;
/** From the stop's beginning. What a strict provider was asked for and nobody waits for costs the user a new connection (R4). */
const refreshesEndMs = 16_500;
const telemetryTimeoutMs = 1_000;
const endedSessionsKeptMs = 7 * 86_400_000;

/** Starts a server: socket, database, keys, settings file, application, jobs, admin socket. */
export async function runServer(given: VaultConfig, log: Logger): Promise<RunningServer> {
  const socket = await listen(given.host, given.port);
  const config = withPort(given, socket.port);
  const stopping = new AbortController();
  const processId = uuidv7();
  const telemetry = await startTelemetry(config, processId);
  const options = { log, processId, telemetry, stopping: stopping.signal };
  const vault = await openVault(config, options).catch(async (error: unknown) => {
    await socket.drain(0);
    throw error;
  });
  const { deps } = vault;
  if (vault.generatedKeyPath)
    log.warn({ path: vault.generatedKeyPath }, 'root key made; keep it, nothing opens without it');
  const state: ServerState = { isStopping: false };
  try {
    await applyAtStart(deps);
    const listener = createServerListener(deps, state, () => describeUnreadable(deps));
    socket.serve(listener, config.publicUrl);
    await recordRestore(deps);
    const metricsExport = await startMetricsExport(deps);
    const jobs = startJobs(deps);
    const deliveries = await startDeliveries(deps);
    const heartbeat = await startHeartbeat(deps);
    const admin = await startAdminSocket(deps);
    await deps.audit.append({ kind: 'server.started', appId: null, details: { process_id: deps.processId } });
    return {
      publicUrl: config.publicUrl,
      port: socket.port,
      async stop() {
        const startedAtMs = performance.now();
        state.isStopping = true;
        await new Promise((resolve) => setTimeout(resolve, stopNoticeMs));
        stopping.abort();
        await Promise.all([socket.drain(drainTimeoutMs), admin.close()]);
        // Before the refreshes, some of which a job may have begun.
        await Promise.all([jobs.stop(), deliveries.stop()]);
        await drainRefreshes(deps, Math.max(0, startedAtMs + refreshesEndMs - performance.now()));
        await Promise.all([flushUses(deps), heartbeat.stop()]);
        await deps.audit
          .append({ kind: 'server.stopped', appId: null, details: { process_id: deps.processId } })
          .catch(() => log.error('the stop could not be recorded'));
        await makeCheckpoint(deps).catch(() => log.error('no checkpoint could be made at the stop'));
        // The last numbers are read while the database is open; the spans of the stop itself come before their end.
        await Promise.all([metricsExport?.close(), telemetry.tracing?.close(telemetryTimeoutMs)]);
        await vault.close();
      },
    };
  } catch (error) {
    await socket.drain(0);
    await vault.close();
    throw error;
  }
}

function startJobs(deps: VaultDeps): JobRunner {
  const runner = createJobRunner({
    storage: deps.storage,
    processId: deps.processId,
    jobs: [
      ...listCheckpointJobs(deps),
      createIndexJob(deps),
      createRetentionJob(deps),
      ...listUpkeepJobs(deps),
      ...listRefreshJobs(deps),
      ...listKeyJobs(deps),
      {
        name: 'connect.delete_ended',
        intervalMs: 3_600_000,
        run: () => deleteEndedSessions(deps.storage, deps.clock() - endedSessionsKeptMs),
      },
    ].map((job) => observeJob(deps.telemetry, job)),
    onError: (job, error) =>
      deps.log.error({ job, cause: error instanceof Error ? error.name : '' }, 'job failed'),
  });
  runner.start();
  return runner;
}

/** The answer to a request line or host that is no URL. */
function describeUnreadable(deps: VaultDeps): Response {
  const error = new ApiError('invalid_request', {
    message: 'The request target or the Host header is not valid.',
  });
  const requestId = uuidv7();
  return new Response(JSON.stringify(buildErrorBody(error, deps.config.publicUrl, requestId)), {
    status: error.status,
    headers: {
      'Content-Type': 'application/json; charset=utf-8',
      'Cache-Control': 'no-store',
      'X-Content-Type-Options': 'nosniff',
      'X-Request-ID': requestId,
    },
  });
}
