import { findSigningName } from './signing-names.js';

/** Where a host of AWS belongs in a signature's scope. */
export interface AwsPlace {
  readonly region: string;
  readonly service: string;
}

/** Services with one endpoint for all regions; their signatures name us-east-1. */
const globalServices = [
  'budgets',
  'cloudfront',
  'health',
  'iam',
  'organizations',
  'route53',
  's3',
  'savingsplans',
  'sdb',
  'shield',
  'sts',
  'support',
  'waf',
];

const regionPattern = '[a-z]{2}(?:-[a-z]+)+-\\d';
const regional = new RegExp(
  `^(?:(.+)\\.)?(${regionPattern})\\.(?:([a-z0-9-]+)\\.)?(?:vpce\\.)?(?:amazonaws\\.com(?:\\.cn)?|api\\.aws|on\\.aws)$`,
);
const legacyS3 = new RegExp(`(?:^|\\.)s3-(${regionPattern})\\.amazonaws\\.com$`);

/**
 * Region and service that a host of AWS stands for; undefined for every other host. Both are in the name: `service.region.…`,
 * or for a few `region.service.…` (`es`, `aoss`).
 */
export function readAwsPlace(hostname: string): AwsPlace | undefined {
  const host = hostname.toLowerCase().replace(/\.$/, '');
  const old = legacyS3.exec(host);
  if (old?.[1]) return { region: old[1], service: 's3' };
  const match = regional.exec(host);
  if (match) {
    const [, before = '', region = '', after] = match;
    if (after !== undefined && after !== 'vpce') return { region, service: after };
    const service = readService(before);
    return service === undefined ? undefined : { region, service };
  }
  const [, global] = /(?:^|\.)([a-z0-9-]+)\.amazonaws\.com$/.exec(host) ?? [];
  return global !== undefined && globalServices.includes(global)
    ? { region: 'us-east-1', service: global }
    : undefined;
}

function readService(labels: string): string | undefined {
  const parts = labels.split('.').filter((label) => label !== 'dualstack');
  const last = parts.at(-1);
  if (last === undefined || last === '') return undefined;
  return findSigningName(last.replace(/-fips$/, ''), parts.at(-2));
}
