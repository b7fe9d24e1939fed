import type { OtlpConfig } from '../config.js';

/**
 * What an OTLP/HTTP exporter is told about the collector. Everything is given, so that no exporter looks for more in the
 * environment.
 */
export function describeCollector(otlp: OtlpConfig, signal: 'traces' | 'metrics') {
  return {
    url: `${otlp.endpoint}/v1/${signal}`,
    headers: Object.fromEntries(Object.entries(otlp.headers).map(([name, value]) => [name, value.reveal()])),
    timeoutMillis: 10_000,
    concurrencyLimit: 4,
    httpAgentOptions: { keepAlive: true },
  };
}
