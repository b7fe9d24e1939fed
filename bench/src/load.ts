import { execFile, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import autocannon from 'autocannon';
import { findPercentile } from './median.js';

/** One signed request: what differs from request to request. */
export interface PreparedRequest {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** What one run of the load generator showed. */
export interface LoadResult {
  readonly generator: 'wrk' | 'autocannon';
  readonly requests: number;
  readonly perSecond: number;
  readonly failed: number;
  /** Milliseconds from a request to the end of its answer. */
  readonly p50Ms: number;
  readonly p99Ms: number;
}

const hasWrk = spawnSync('wrk', ['--version']).error === undefined;

/** Posts the prepared requests for `seconds`, one after the other; `folder` is for the generator's own files. */
export function runLoad(input: {
  url: string;
  connections: number;
  seconds: number;
  prepared: readonly PreparedRequest[];
  folder: string;
}): Promise<LoadResult> {
  return hasWrk ? runWrk(input) : runAutocannon(input);
}

const quote = (text: string) => JSON.stringify(text);

async function runWrk(input: Parameters<typeof runLoad>[0]): Promise<LoadResult> {
  const names = Object.keys(input.prepared[0]?.headers ?? {});
  // One line a request, its body and header values by tab; Lua reads them once and then only joins strings.
  const folder = mkdtempSync(join(input.folder, 'load-'));
  const linesFile = join(folder, 'requests.tsv');
  writeFileSync(
    linesFile,
    input.prepared
      .map(({ headers, body }) => [body, ...names.map((name) => headers[name])].join('\t'))
      .join('\n'),
  );
  const script = join(folder, 'load.lua');
  writeFileSync(
    script,
    `local names = {${names.map(quote).join(',')}}
local requests, next = {}, 0
function init(args)
  for line in io.lines(${quote(linesFile)}) do
    local headers, index, body = { ["Content-Type"] = "application/json" }, 0, nil
    for value in string.gmatch(line, "[^\\t]+") do
      if index == 0 then body = value else headers[names[index]] = value end
      index = index + 1
    end
    requests[#requests + 1] = wrk.format("POST", nil, headers, body)
  end
end
function request()
  next = next + 1
  return requests[(next - 1) % #requests + 1]
end
function done(summary, latency)
  io.write(string.format("RESULT %d %d %d\\n", summary.requests, summary.duration, summary.errors.status + summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout))
  io.write(string.format("LATENCY %d %d\\n", latency:percentile(50), latency:percentile(99)))
end
`,
  );
  const args = [
    '-t',
    '1',
    '-c',
    String(input.connections),
    '-d',
    `${input.seconds}s`,
    '-s',
    script,
    input.url,
  ];
  const { stdout } = await promisify(execFile)('wrk', args);
  rmSync(folder, { recursive: true });
  const [, requests = '0', micros = '1', failed = '0'] = /RESULT (\d+) (\d+) (\d+)/.exec(stdout) ?? [];
  const [, p50Micros, p99Micros] = /LATENCY (\d+) (\d+)/.exec(stdout) ?? [];
  return {
    generator: 'wrk',
    requests: Number(requests),
    perSecond: Number(requests) / (Number(micros) / 1e6),
    failed: Number(failed),
    p50Ms: Number(p50Micros) / 1000,
    p99Ms: Number(p99Micros) / 1000,
  };
}

async function runAutocannon(input: Parameters<typeof runLoad>[0]): Promise<LoadResult> {
  let next = 0;
  const times: number[] = [];
  const result = await autocannon({
    url: input.url,
    // Its own percentiles are whole milliseconds.
    setupClient: (client) => client.on('response', (_status, _bytes, ms) => times.push(ms)),
    connections: input.connections,
    duration: input.seconds,
    requests: [
      {
        method: 'POST',
        setupRequest: (request) => {
          const prepared = input.prepared[next++ % input.prepared.length];
          const headers = { 'content-type': 'application/json', ...prepared?.headers };
          return { ...request, headers, ...(prepared ? { body: prepared.body } : {}) };
        },
      },
    ],
  });
  return {
    generator: 'autocannon',
    requests: result.requests.total,
    perSecond: result.requests.average,
    failed: result.non2xx + result.errors + result.timeouts,
    p50Ms: findPercentile(times, 0.5),
    p99Ms: findPercentile(times, 0.99),
  };
}
