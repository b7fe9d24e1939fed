import { type Egress, EgressError } from '@alter-ai/egress';
import { recordValue } from '../metrics/instruments.js';
import type { Telemetry } from '../telemetry.js';
import type { WorkSpan } from './tracing.js';

/**
 * The same way out, with each request counted and, where there is tracing, within a client span. The span has method, host and
 * status; no path and no query, which may hold secrets. No provider gets a `traceparent`: it would tell it about its callers.
 */
export function traceEgress(egress: Egress, { metrics, tracing }: Telemetry): Egress {
  if (metrics === null && tracing === null) return egress;
  const count = (outcome: string, startedAtMs: number) => {
    if (metrics === null) return;
    const { providerRequests } = metrics;
    const seconds = (performance.now() - startedAtMs) / 1000;
    recordValue(providerRequests.open({ outcome }), providerRequests.boundaries, seconds);
  };
  const send = async (url: string, request: Parameters<Egress['fetch']>[1], span?: WorkSpan) => {
    const startedAtMs = performance.now();
    try {
      const response = await egress.fetch(url, request);
      count(`${Math.floor(response.status / 100)}xx`, startedAtMs);
      span?.set({ 'http.response.status_code': response.status });
      if (response.status >= 400) span?.fail(String(response.status));
      return response;
    } catch (error) {
      count(error instanceof EgressError ? error.code : 'failed', startedAtMs);
      throw error;
    }
  };
  return {
    ...egress,
    fetch: (url, request) => {
      if (tracing === null) return send(url, request);
      const attributes = { 'http.request.method': request.method, 'server.address': readHost(url) };
      return tracing.run('provider request', attributes, (span) => send(url, request, span));
    },
  };
}

function readHost(url: string): string {
  return URL.canParse(url) ? new URL(url).host : '';
}
