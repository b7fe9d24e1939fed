import { context, isSpanContextValid, trace } from '@opentelemetry/api';

/**
 * `traceparent` (W3C Trace Context) of the span that is active where the call is made; undefined without OpenTelemetry or
 * outside of a span. `tracestate` is not sent (wire/1 §4.1).
 */
export function readTraceparent(): string | undefined {
  const span = trace.getSpanContext(context.active());
  if (span === undefined || !isSpanContextValid(span)) return undefined;
  const flags = span.traceFlags.toString(16).padStart(2, '0');
  return `00-${span.traceId}-${span.spanId}-${flags}`;
}
