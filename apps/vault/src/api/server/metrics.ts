import { timingSafeEqual } from 'node:crypto';
import { sha256Hex } from '@alter-ai/core-crypto';
import type { VaultDeps } from '../../deps.js';
import { ApiError } from '../../http/api-error.js';
import { isAddressInside } from '../../http/limits/source-address.js';
import { page, type RequestContext, type RouteRegistration } from '../../http/route.js';
import { createMetricsCollector } from '../../telemetry/metrics/collect-metrics.js';

/** `GET /metrics`, for the operator's own systems only; absent where nobody may read it. */
export function createMetricsRoutes(deps: VaultDeps): readonly RouteRegistration[] {
  const metrics = deps.telemetry?.metrics;
  if (!metrics) return [];
  const collector = createMetricsCollector(deps, metrics);
  deps.stopping?.addEventListener('abort', () => collector.close(), { once: true });
  return [
    page('GET', '/metrics', async (context) => {
      if (!mayRead(deps, context)) {
        throw new ApiError('forbidden', {
          message:
            'Metrics are for the addresses of ALTER_VAULT_METRICS_ALLOW and for bearers of ALTER_VAULT_METRICS_TOKEN.',
        });
      }
      const { prometheusContentType, writePrometheusText } = await import(
        '../../telemetry/metrics/prometheus-text.js'
      );
      return new Response(writePrometheusText(await collector.collect()), {
        headers: { 'Content-Type': prometheusContentType, 'Cache-Control': 'no-store' },
      });
    }),
  ];
}

function mayRead(deps: VaultDeps, context: RequestContext): boolean {
  const { metricsAllow, metricsToken } = deps.config.telemetry;
  const [, given] = /^Bearer (\S+)$/i.exec(context.header('authorization') ?? '') ?? [];
  if (given !== undefined) return metricsToken !== undefined && isSame(given, metricsToken.reveal());
  if (!isAddressInside(context.sourceAddress, metricsAllow)) return false;
  // A proxy on this machine that nobody declared makes every caller look local: what was passed on is not local.
  const isPassedOn = ['x-forwarded-for', 'forwarded', 'via'].some(
    (name) => context.header(name) !== undefined,
  );
  return !isPassedOn || deps.config.trustedProxies.length > 0;
}

function isSame(given: string, expected: string): boolean {
  return timingSafeEqual(Buffer.from(sha256Hex(given)), Buffer.from(sha256Hex(expected)));
}
