import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createWaiting } from '../waiting.js';

/** A span as it arrived. */
export interface ReceivedSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly kind: number;
  readonly attributes: Readonly<Record<string, unknown>>;
}

/** A collector that takes OTLP/HTTP in JSON, on loopback. */
export interface OtlpReceiver {
  readonly url: string;
  /** Everything that came, as text: what must not be in it can be searched for. */
  text(): string;
  headers(): readonly IncomingHttpHeaders[];
  spans(): readonly ReceivedSpan[];
  metricNames(): readonly string[];
  /** Resolves once `isThere` holds for what came so far. */
  wait(isThere: (receiver: OtlpReceiver) => boolean): Promise<void>;
  close(): Promise<void>;
}

/** Starts one. */
export async function startOtlpReceiver(): Promise<OtlpReceiver> {
  const bodies: { path: string; text: string }[] = [];
  const heads: IncomingHttpHeaders[] = [];
  const waiting = createWaiting();
  const server = createServer((incoming, outgoing) => {
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.once('end', () => {
      heads.push(incoming.headers);
      bodies.push({ path: incoming.url ?? '', text: Buffer.concat(chunks).toString('utf8') });
      outgoing.writeHead(200, { 'Content-Type': 'application/json' }).end('{}');
      waiting.lookAgain();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const parse = (path: string) =>
    bodies
      .filter((body) => body.path === path)
      .map((body) => JSON.parse(body.text) as Record<string, never[]>);
  const receiver: OtlpReceiver = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    text: () => bodies.map((body) => body.text).join('\n'),
    headers: () => heads,
    spans: () =>
      parse('/v1/traces')
        .flatMap((body) => (body.resourceSpans ?? []) as { scopeSpans: { spans: RawSpan[] }[] }[])
        .flatMap((resource) => resource.scopeSpans.flatMap((scope) => scope.spans))
        .map((span) => ({ ...span, attributes: readAttributes(span.attributes) })),
    metricNames: () =>
      parse('/v1/metrics')
        .flatMap(
          (body) => (body.resourceMetrics ?? []) as { scopeMetrics: { metrics: { name: string }[] }[] }[],
        )
        .flatMap((resource) => resource.scopeMetrics.flatMap((scope) => scope.metrics))
        .map((metric) => metric.name),
    wait: (isThere) => waiting.until(() => isThere(receiver)),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return receiver;
}

type RawSpan = Omit<ReceivedSpan, 'attributes'> & {
  attributes: { key: string; value: Record<string, unknown> }[];
};

function readAttributes(list: RawSpan['attributes']): Record<string, unknown> {
  return Object.fromEntries(list.map(({ key, value }) => [key, Object.values(value)[0]]));
}
