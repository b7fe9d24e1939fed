import type { AuditEvent } from '../../audit/audit-event.js';

/** What is said of a span; never a secret, a query or a person. */
export type SpanAttributes = Readonly<Record<string, string | number | boolean>>;

/** A request that a server span covers. */
export interface ServedRequest {
  readonly method: string;
  /** The route's pattern, never the path. */
  readonly route: string;
  /** `traceparent` of a caller whose trace is joined; undefined begins a trace. */
  readonly traceparent: string | undefined;
}

/** The span of one piece of work. */
export interface WorkSpan {
  set(attributes: SpanAttributes): void;
  /** Marks the work as failed, by a code. */
  fail(code: string): void;
}

/** Spans of one server. Absent where no collector is configured: then nothing of it is loaded, and no call pays for it. */
export interface Tracing {
  /** Answers a request within a server span; what it starts becomes the span's child. */
  serve<Answer extends { readonly status: number }>(
    request: ServedRequest,
    work: () => Promise<Answer>,
  ): Promise<Answer>;
  /** Does some work within a span below the one that is under way, or within one of its own. */
  run<Result>(
    name: string,
    attributes: SpanAttributes,
    work: (span: WorkSpan) => Promise<Result>,
  ): Promise<Result>;
  /** The trace that the running code is part of. */
  findTraceId(): string | undefined;
  /** Puts what a record says about app, grant, provider and outcome on the span that is under way. */
  describe(event: AuditEvent): void;
  /** Sends what waits, and ends within `timeoutMs`. */
  close(timeoutMs: number): Promise<void>;
}
