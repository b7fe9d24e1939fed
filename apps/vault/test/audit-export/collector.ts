import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createWaiting } from '../waiting.js';

/** A log record as the protocol carries it in JSON (opentelemetry-proto, logs/v1). */
export interface CollectedLog {
  readonly timeUnixNano: string;
  readonly severityNumber: number;
  readonly severityText: string;
  readonly eventName: string;
  readonly body: { readonly stringValue: string };
  readonly traceId?: string;
  readonly spanId?: string;
  readonly attributes: Readonly<Record<string, string | number>>;
  readonly resource: Readonly<Record<string, string | number>>;
}

/** An OpenTelemetry collector: a real HTTP server that takes OTLP in JSON. */
export interface Collector {
  readonly endpoint: string;
  readonly logs: CollectedLog[];
  readonly requests: {
    readonly path: string;
    readonly headers: IncomingHttpHeaders;
    readonly count: number;
  }[];
  /** The status it answers to a batch. */
  answer: (logs: readonly CollectedLog[]) => number;
  /** What of a batch that it takes it rejects all the same. */
  isRejected: (log: CollectedLog) => boolean;
  waitFor(isEnough: (logs: readonly CollectedLog[]) => boolean): Promise<void>;
  close(): Promise<void>;
}

type Pair = {
  key: string;
  value: { stringValue?: string; intValue?: string | number; doubleValue?: number };
};
type Payload = {
  resourceLogs: {
    resource: { attributes: Pair[] };
    scopeLogs: { logRecords: (Omit<CollectedLog, 'attributes' | 'resource'> & { attributes: Pair[] })[] }[];
  }[];
};

/** Starts one, on a free port unless told. */
export async function startCollector(port = 0): Promise<Collector> {
  const waiting = createWaiting();
  const server = createServer(async (request, response) => {
    let text = '';
    for await (const chunk of request.setEncoding('utf8')) text += chunk;
    const logs = readLogs(JSON.parse(text) as Payload);
    collector.requests.push({ path: request.url ?? '', headers: request.headers, count: logs.length });
    const status = collector.answer(logs);
    const taken = logs.filter((log) => !collector.isRejected(log));
    if (status === 200) collector.logs.push(...taken);
    const rejectedLogRecords = String(logs.length - taken.length);
    const body =
      taken.length === logs.length ? {} : { partialSuccess: { rejectedLogRecords, errorMessage: 'too old' } };
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    waiting.lookAgain();
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const collector: Collector = {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    logs: [],
    requests: [],
    answer: () => 200,
    isRejected: () => false,
    waitFor: (isEnough) => waiting.until(() => isEnough(collector.logs)),
    close: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
  return collector;
}

function readLogs(payload: Payload): CollectedLog[] {
  return payload.resourceLogs.flatMap(({ resource, scopeLogs }) =>
    scopeLogs.flatMap(({ logRecords }) =>
      logRecords.map((log) => ({
        ...log,
        attributes: readPairs(log.attributes),
        resource: readPairs(resource.attributes),
      })),
    ),
  );
}

function readPairs(pairs: Pair[]): Record<string, string | number> {
  return Object.fromEntries(
    pairs.map(({ key, value }) => [key, value.stringValue ?? Number(value.intValue ?? value.doubleValue)]),
  );
}
