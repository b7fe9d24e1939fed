import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { VaultDeps } from '../../deps.js';
import { readPoolUse } from '../../storage/database/pool-use.js';
import { countOpenBreakers } from '../../storage/settings/doctor-rows.js';
import type { Labels, Reading } from './instruments.js';

/** What is looked up when somebody reads: state of the database, the pool and the process. */
export interface GaugeReader {
  read(): Promise<Reading[]>;
  close(): void;
}

type GaugeDeps = Pick<VaultDeps, 'storage' | 'keyring' | 'clock' | 'processId' | 'log'>;

const quantiles = [50, 90, 99] as const;

/** Makes a reader; from then on the event loop's delay is watched. */
export function openGaugeReader(deps: GaugeDeps): GaugeReader {
  const delay = monitorEventLoopDelay({ resolution: 20 });
  delay.enable();
  return {
    read: async () => {
      const readings = [
        ...readEventLoop(delay),
        ...readProcess(),
        ...readPool(deps),
        gauge(
          'alter_open_failures_total',
          'Sealed values that did not open since the start',
          [deps.keyring.countOpenFailures()],
          'counter',
        ),
      ];
      // From one reading to the next, so that a delay shows up once.
      delay.reset();
      try {
        readings.push(
          gauge(
            'alter_open_breakers',
            'Provider configurations whose client credentials the provider refuses, of the whole database',
            [await countOpenBreakers(deps.storage)],
          ),
        );
      } catch {
        // The rest of the metrics is worth most while the database is away.
        deps.log.warn('the open breakers could not be counted');
      }
      return readings;
    },
    close: () => delay.disable(),
  };
}

function readEventLoop(delay: ReturnType<typeof monitorEventLoopDelay>): Reading[] {
  const toSeconds = (nanoseconds: number) => (Number.isFinite(nanoseconds) ? nanoseconds / 1e9 : 0);
  const points = quantiles.map((quantile) => ({
    labels: { quantile: String(quantile / 100) } as Labels,
    value: toSeconds(delay.percentile(quantile)),
  }));
  return [
    {
      kind: 'gauge',
      name: 'alter_event_loop_delay_seconds',
      help: 'Delay of the event loop since the last reading',
      points: [...points, { labels: { quantile: '1' }, value: toSeconds(delay.max) }],
    },
  ];
}

function readProcess(): Reading[] {
  const memory = process.memoryUsage();
  const cpu = process.cpuUsage();
  return [
    gauge('process_resident_memory_bytes', 'Resident memory', [memory.rss]),
    gauge('process_heap_bytes', 'Used heap of JavaScript', [memory.heapUsed]),
    gauge('process_external_memory_bytes', 'Memory outside of the heap', [memory.external]),
    gauge(
      'process_cpu_seconds_total',
      'CPU time, user and system',
      [(cpu.user + cpu.system) / 1e6],
      'counter',
    ),
    gauge('process_start_time_seconds', 'When the process started, Unix time', [
      performance.timeOrigin / 1000,
    ]),
  ];
}

function readPool({ storage }: GaugeDeps): Reading[] {
  const use = readPoolUse(storage);
  if (use === null) return [];
  const points = (['used', 'idle', 'waiting'] as const).map((state) => ({
    labels: { state } as Labels,
    value: use[state],
  }));
  return [
    {
      kind: 'gauge',
      name: 'alter_database_pool_connections',
      help: 'Connections to the database by state; waiting are callers without one',
      points,
    },
    gauge('alter_database_pool_connections_max', 'Connections to the database at most', [use.max]),
  ];
}

function gauge(
  name: string,
  help: string,
  values: readonly number[],
  kind: Reading['kind'] = 'gauge',
): Reading {
  return { kind, name, help, points: values.map((value) => ({ labels: {}, value })) };
}
