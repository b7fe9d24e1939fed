import { execFile, spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { promisify } from 'node:util';
import autocannon from 'autocannon';

/** One signed request: the headers that differ from request to request. */
export interface PreparedRequest {
  readonly headers: Readonly<Record<string, string>>;
}

/** What one run of the load generator showed. */
export interface LoadResult {
  readonly generator: 'wrk' | 'autocannon';
  readonly requests: number;
  readonly perSecond: number;
  readonly failed: number;
}

const hasWrk = spawnSync('wrk', ['--version']).error === undefined;

/** Posts `body` for `seconds`, each request with the headers of the next prepared one. */
export function runLoad(input: {
  url: string;
  body: string;
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
  // One line a request: header values by tab; Lua reads them once and then only joins strings.
  const linesFile = `${input.folder}/requests.tsv`;
  writeFileSync(
    linesFile,
    input.prepared.map(({ headers }) => names.map((name) => headers[name]).join('\t')).join('\n'),
  );
  const script = `${input.folder}/load.lua`;
  writeFileSync(
    script,
    `local names = {${names.map(quote).join(',')}}
local requests, next = {}, 0
function init(args)
  for line in io.lines(${quote(linesFile)}) do
    local headers, index = { ["Content-Type"] = "application/json" }, 1
    for value in string.gmatch(line, "[^\\t]+") do headers[names[index]] = value; index = index + 1 end
    requests[#requests + 1] = wrk.format("POST", nil, headers, ${quote(input.body)})
  end
end
function request()
  next = next + 1
  return requests[(next - 1) % #requests + 1]
end
function done(summary, latency)
  io.write(string.format("RESULT %d %d %d\\n", summary.requests, summary.duration, summary.errors.status + summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout))
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
  const [, requests = '0', micros = '1', failed = '0'] = /RESULT (\d+) (\d+) (\d+)/.exec(stdout) ?? [];
  return {
    generator: 'wrk',
    requests: Number(requests),
    perSecond: Number(requests) / (Number(micros) / 1e6),
    failed: Number(failed),
  };
}

async function runAutocannon(input: Parameters<typeof runLoad>[0]): Promise<LoadResult> {
  let next = 0;
  const result = await autocannon({
    url: input.url,
    connections: input.connections,
    duration: input.seconds,
    requests: [
      {
        method: 'POST',
        body: input.body,
        setupRequest: (request) => ({
          ...request,
          headers: {
            'content-type': 'application/json',
            ...input.prepared[next++ % input.prepared.length]?.headers,
          },
        }),
      },
    ],
  });
  return {
    generator: 'autocannon',
    requests: result.requests.total,
    perSecond: result.requests.average,
    failed: result.non2xx + result.errors + result.timeouts,
  };
}
