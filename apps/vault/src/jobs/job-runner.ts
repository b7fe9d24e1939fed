import type { Storage } from '../storage/database/storage.js';
import { ensureJob, finishJob, renewJob, takeJob } from '../storage/log/job-leases.js';

/** Work that is done again and again, by one process at a time over all of them. */
export interface Job {
  readonly name: string;
  /** From the end of one run to the beginning of the next, at least. */
  readonly intervalMs: number;
  /** It waits for others (providers), however long they take: no other job waits for it. */
  readonly isApart?: boolean;
  /** Ends soon after the signal: the runner stops, or the lease was lost. */
  readonly run: (signal: AbortSignal) => Promise<void>;
}

/** Runs jobs while it is started. */
export interface JobRunner {
  start(): void;
  /** Ends what runs, and resolves when nothing of the runner is left, timers neither. */
  stop(): Promise<void>;
  /** Runs once what is due now and free; for tests, and for work that should not wait for the timer. */
  runDue(): Promise<void>;
}

interface JobRunnerDeps {
  readonly storage: Storage;
  /** Names this process in the leases. */
  readonly processId: string;
  readonly jobs: readonly Job[];
  /** Hears of each run that failed; the job is due again after its interval. */
  readonly onError?: (jobName: string, error: unknown) => void;
  /** How long a job is held without a sign of life of its holder; 30,000 unless told. */
  readonly leaseMs?: number;
  /** How often the runner looks; 5,000 unless told. */
  readonly tickMs?: number;
}

/**
 * A runner over leases in the database: a job whose holder died is taken over after its deadline. Jobs follow each other, but for those
 * that are apart.
 */
export function createJobRunner(deps: JobRunnerDeps): JobRunner {
  const apart = deps.jobs.filter((job) => job.isApart === true);
  const others = deps.jobs.filter((job) => job.isApart !== true);
  const lanes = [others, ...apart.map((job) => [job])].map((jobs) => createLane({ ...deps, jobs }));
  return {
    start: () => {
      for (const lane of lanes) lane.start();
    },
    stop: async () => {
      await Promise.all(lanes.map((lane) => lane.stop()));
    },
    runDue: async () => {
      await Promise.all(lanes.map((lane) => lane.runDue()));
    },
  };
}

/** Jobs that follow each other. */
function createLane(deps: JobRunnerDeps): JobRunner {
  const { storage, processId, jobs } = deps;
  const leaseMs = deps.leaseMs ?? 30_000;
  const tickMs = deps.tickMs ?? 5_000;
  const knownJobs = new Set<string>();
  let controller = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> | null = null;
  let isStarted = false;

  async function runJob(job: Job): Promise<void> {
    if (!knownJobs.has(job.name)) {
      await ensureJob(storage, job.name);
      knownJobs.add(job.name);
    }
    const held = { name: job.name, holder: processId };
    if (!(await takeJob(storage, { ...held, leaseMs }))) return;

    const lost = new AbortController();
    // Real time on purpose: it is the sign of life of this process. A renewal that fails counts as lost, since another may take over.
    const renewal = setInterval(() => {
      renewJob(storage, { ...held, leaseMs }).then(
        (isHeld) => isHeld || lost.abort(),
        () => lost.abort(),
      );
    }, leaseMs / 3);
    try {
      await job.run(AbortSignal.any([controller.signal, lost.signal]));
    } finally {
      clearInterval(renewal);
      // What was broken off is due at once, for the next process.
      const nextInMs = controller.signal.aborted ? 0 : job.intervalMs;
      await finishJob(storage, { ...held, nextInMs });
    }
  }

  async function runAll(): Promise<void> {
    for (const job of jobs) {
      if (controller.signal.aborted) return;
      try {
        await runJob(job);
      } catch (error) {
        deps.onError?.(job.name, error);
      }
    }
  }

  function runDue(): Promise<void> {
    running ??= runAll().finally(() => {
      running = null;
    });
    return running;
  }

  function tick(): void {
    void runDue().then(() => {
      if (isStarted) timer = setTimeout(tick, tickMs);
    });
  }

  return {
    runDue,
    start: () => {
      if (isStarted) return;
      isStarted = true;
      controller = new AbortController();
      tick();
    },
    stop: async () => {
      isStarted = false;
      controller.abort();
      clearTimeout(timer);
      await running;
      clearTimeout(timer);
    },
  };
}
