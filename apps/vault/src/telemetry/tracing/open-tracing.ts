import { AsyncLocalStorage } from 'node:async_hooks';
import {
  type Context,
  isSpanContextValid,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api';
import { parseTraceParent } from '@opentelemetry/core';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import type { Resource } from '@opentelemetry/resources';
import {
  BatchSpanProcessor,
  ParentBasedSampler,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from '@opentelemetry/sdk-trace';
import type { AuditEvent } from '../../audit/audit-event.js';
import type { OtlpConfig } from '../../config.js';
import { describeCollector } from '../describe-collector.js';
import { vaultVersion } from '../vault-version.js';
import type { ServedRequest, SpanAttributes, Tracing, WorkSpan } from './tracing.js';

/** How tracing is set up; everything is given, nothing is read from the environment. */
export interface TracingOptions {
  readonly otlp: OtlpConfig;
  readonly resource: Resource;
  /** Share of the traces begun here that are kept. */
  readonly ratio: number;
  /** How often spans are sent. */
  readonly sendEveryMs?: number;
}

/** Spans that wait to be sent at most; beyond it they are dropped, so that a collector that is away costs nobody a call. */
const queueSpansMax = 4_096;
const batchSpansMax = 512;

/** Opens tracing to an OTLP/HTTP collector. Nothing global is set: several servers in one process do not mix. */
export function openTracing(options: TracingOptions): Tracing {
  const provider = new TracerProvider({
    resource: options.resource,
    sampler: new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(options.ratio) }),
    spanLimits: { attributeValueLengthLimit: 256, attributeCountLimit: 32 },
    spanProcessors: [
      new BatchSpanProcessor({
        exporter: new OTLPTraceExporter(describeCollector(options.otlp, 'traces')),
        maxQueueSize: queueSpansMax,
        maxExportBatchSize: batchSpansMax,
        scheduledDelayMillis: options.sendEveryMs ?? 2_000,
        exportTimeoutMillis: 10_000,
      }),
    ],
  });
  const tracer = provider.getTracer('alter-vault', vaultVersion);
  const current = new AsyncLocalStorage<Span>();

  const findParent = (): Context => {
    const span = current.getStore();
    return span === undefined ? ROOT_CONTEXT : trace.setSpan(ROOT_CONTEXT, span);
  };
  return {
    serve: async (request, work) => {
      const attributes = { 'http.request.method': request.method, 'http.route': request.route };
      const name = `${request.method} ${request.route}`;
      const span = tracer.startSpan(name, { kind: SpanKind.SERVER, attributes }, readParent(request));
      try {
        const answer = await current.run(span, work);
        span.setAttribute('http.response.status_code', answer.status);
        if (answer.status >= 500) span.setStatus({ code: SpanStatusCode.ERROR });
        return answer;
      } catch (error) {
        span.setStatus({ code: SpanStatusCode.ERROR });
        throw error;
      } finally {
        span.end();
      }
    },
    run: async (name, attributes, work) => {
      const kind = name === 'provider request' ? SpanKind.CLIENT : SpanKind.INTERNAL;
      const span = tracer.startSpan(name, { kind, attributes: { ...attributes } }, findParent());
      try {
        return await current.run(span, () => work(openWork(span)));
      } catch (error) {
        // Codes and class names only: messages of libraries may quote what they were given (K7).
        markFailed(span, nameError(error));
        throw error;
      } finally {
        span.end();
      }
    },
    findTraceId: () => current.getStore()?.spanContext().traceId,
    describe: (event) => {
      const span = current.getStore();
      if (span?.isRecording()) span.setAttributes(readEvent(event));
    },
    close: async (timeoutMs) => {
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<void>((resolve) => {
        timer = setTimeout(resolve, timeoutMs);
      });
      await Promise.race([provider.shutdown().catch(() => {}), late]);
      clearTimeout(timer);
    },
  };
}

/** The caller's span as the parent. `tracestate` is not taken: the published clients never send it (wire/1 section 4.1). */
function readParent({ traceparent }: ServedRequest): Context {
  const parsed = traceparent === undefined ? null : parseTraceParent(traceparent);
  if (parsed === null || !isSpanContextValid(parsed)) return ROOT_CONTEXT;
  return trace.setSpanContext(ROOT_CONTEXT, { ...parsed, isRemote: true });
}

function openWork(span: Span): WorkSpan {
  return {
    set: (attributes) => void span.setAttributes({ ...attributes }),
    fail: (code) => markFailed(span, code),
  };
}

function markFailed(span: Span, code: string): void {
  span.setAttribute('error.type', code);
  span.setStatus({ code: SpanStatusCode.ERROR });
}

function nameError(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown';
  return 'code' in error && typeof error.code === 'string' ? error.code : error.name;
}

function readEvent(event: AuditEvent): SpanAttributes {
  const attributes: Record<string, string> = {};
  const put = (name: string, value: string | null | undefined) => {
    if (value !== undefined && value !== null) attributes[name] = value;
  };
  put('alter.app.id', event.appId);
  put('alter.grant.id', event.grantId);
  put('alter.provider.id', event.providerId);
  put('alter.outcome', event.outcome);
  put('error.type', event.errorCode);
  return attributes;
}
