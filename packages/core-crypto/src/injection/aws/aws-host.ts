/** Where a host of AWS belongs in a signature's scope. */
export interface AwsPlace {
  readonly region: string;
  readonly service: string;
}

/** Endpoint labels whose name in a signature is another one (AWS Service Authorization and endpoint references). */
const signingNames: Readonly<Record<string, string>> = {
  'bedrock-runtime': 'bedrock',
  'bedrock-agent': 'bedrock',
  'bedrock-agent-runtime': 'bedrock',
  email: 'ses',
  'email-smtp': 'ses',
  'api.ecr': 'ecr',
  'api.ecr-public': 'ecr-public',
  'api.sagemaker': 'sagemaker',
  'runtime.sagemaker': 'sagemaker',
  'streams.dynamodb': 'dynamodb',
  'runtime.lex': 'lex',
  'runtime-v2-lex': 'lex',
  'data-ats.iot': 'iotdata',
  'data.iot': 'iotdata',
  'entitlement.marketplace': 'aws-marketplace',
  'metering.marketplace': 'aws-marketplace',
  'data.mediastore': 'mediastore',
};

/** Services with one endpoint for all regions; their signatures name us-east-1. */
const globalServices = [
  'iam',
  'sts',
  'cloudfront',
  'route53',
  'organizations',
  'waf',
  'shield',
  's3',
  'support',
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
  const name = last.replace(/-fips$/, '');
  const lastTwo = `${parts.at(-2) ?? ''}.${name}`;
  if (name === 'lambda-url') return 'lambda';
  return signingNames[lastTwo] ?? signingNames[name] ?? name;
}
