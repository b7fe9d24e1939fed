import { SecretValue } from '@alter-ai/core-crypto';
import ipaddr from 'ipaddr.js';

/** What of the server's doings can be seen from outside, and by whom. */
export interface TelemetryConfig {
  /** Addresses and CIDRs that `/metrics` answers without a token. */
  readonly metricsAllow: readonly string[];
  /** Bearer token with which `/metrics` answers anybody. */
  readonly metricsToken: SecretValue | undefined;
  /** Whether spans go to the collector of `otlp`. */
  readonly hasTraces: boolean;
  /** Whether metrics go to the collector of `otlp`. */
  readonly hasMetrics: boolean;
  /** Share of the traces that begin here and are kept, 0 to 1; what a caller began follows the caller's choice. */
  readonly traceRatio: number;
}

const loopback = ['127.0.0.0/8', '::1'];
const tokenCharactersMin = 16;

/** The variables of telemetry: name, default, meaning; part of the environment table. */
export const telemetryVariables: readonly (readonly [name: string, fallback: string, meaning: string])[] = [
  [
    'ALTER_VAULT_METRICS_ALLOW',
    loopback.join(','),
    'comma-separated CIDRs that /metrics answers without a token; none for nobody',
  ],
  ['ALTER_VAULT_METRICS_TOKEN', '', 'bearer token with which /metrics answers from anywhere'],
  ['OTEL_TRACES_EXPORTER', 'otlp', 'otlp | none; traces, where there is a collector'],
  ['OTEL_METRICS_EXPORTER', 'otlp', 'otlp | none; metrics, where there is a collector'],
  ['OTEL_TRACES_SAMPLER_ARG', '1', 'share of the traces begun here that are kept, 0 to 1'],
];

/** Reads them; adds a line to `problems` for each that is wrong. */
export function readTelemetryConfig(
  read: (name: string) => string | undefined,
  problems: string[],
): TelemetryConfig {
  const token = read('ALTER_VAULT_METRICS_TOKEN');
  if (token !== undefined && !/^[\x21-\x7e]+$/.test(token)) {
    problems.push('ALTER_VAULT_METRICS_TOKEN: must be printable ASCII without spaces');
  } else if (token !== undefined && token.length < tokenCharactersMin) {
    problems.push(`ALTER_VAULT_METRICS_TOKEN: must have at least ${tokenCharactersMin} characters`);
  }
  const ratio = Number(read('OTEL_TRACES_SAMPLER_ARG') ?? '1');
  if (!(ratio >= 0 && ratio <= 1)) problems.push('OTEL_TRACES_SAMPLER_ARG: must be a number from 0 to 1');
  return Object.freeze({
    metricsAllow: readNetworks(read('ALTER_VAULT_METRICS_ALLOW'), problems),
    metricsToken: token === undefined ? undefined : SecretValue.of(token),
    hasTraces: readExporter('OTEL_TRACES_EXPORTER', read, problems),
    hasMetrics: readExporter('OTEL_METRICS_EXPORTER', read, problems),
    traceRatio: ratio,
  });
}

function readNetworks(text: string | undefined, problems: string[]): readonly string[] {
  if (text === undefined) return loopback;
  if (text === 'none') return [];
  const entries = text
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '');
  if (!entries.every((entry) => ipaddr.isValidCIDR(entry) || ipaddr.isValid(entry))) {
    problems.push('ALTER_VAULT_METRICS_ALLOW: must be none, or a list of addresses or CIDRs');
  }
  return Object.freeze(entries);
}

function readExporter(name: string, read: (name: string) => string | undefined, problems: string[]): boolean {
  const value = read(name) ?? 'otlp';
  if (value !== 'otlp' && value !== 'none') problems.push(`${name}: must be otlp or none`);
  return value !== 'none';
}
