/** Labels of endpoints, the last one before the region or the last two, whose name in a signature is another one. */
const signingNames: Readonly<Record<string, string>> = {
  'account-access-runtime': 'account-access',
  'agent-registry-control': 'agent-registry',
  'agreement-marketplace': 'aws-marketplace',
  'api.ecr': 'ecr',
  'api.ecr-public': 'ecr-public',
  'api.sagemaker': 'sagemaker',
  appconfigdata: 'appconfig',
  appstream2: 'appstream',
  'bedrock-agent': 'bedrock',
  'bedrock-agent-runtime': 'bedrock',
  'bedrock-agentcore-control': 'bedrock-agentcore',
  'bedrock-data-automation': 'bedrock',
  'bedrock-data-automation-runtime': 'bedrock',
  'bedrock-runtime': 'bedrock',
  'cassandra-streams': 'cassandra',
  'catalog.marketplace': 'aws-marketplace',
  cloudhsmv2: 'cloudhsm',
  cloudsearchdomain: 'cloudsearch',
  'cloudwatch-omni': 'cloudwatch',
  'contact-lens': 'connect',
  'data.mediastore': 'mediastore',
  'data-signer': 'signer',
  'deployment-marketplace': 'aws-marketplace',
  'discovery-marketplace': 'aws-marketplace',
  email: 'ses',
  'email-smtp': 'ses',
  'entitlement.marketplace': 'aws-marketplace',
  eventsv2: 'events',
  forecastquery: 'forecast',
  'iam-toolbox': 'iam',
  'identity-chime': 'chime',
  ivsrealtime: 'ivs',
  'jobs.iot': 'iot-jobs-data',
  'lambda-url': 'lambda',
  'mail-manager': 'ses',
  'media-pipelines-chime': 'chime',
  'meetings-chime': 'chime',
  'memory-db': 'memorydb',
  'messaging-chime': 'chime',
  'metering.marketplace': 'aws-marketplace',
  'migrationhub-config': 'mgh',
  'models-v2-lex': 'lex',
  oidc: 'sso-oauth',
  'participant.connect': 'execute-api',
  'partnercentral-prm': 'partnercentral',
  'personalize-events': 'personalize',
  'personalize-runtime': 'personalize',
  pinpoint: 'mobiletargeting',
  'portal.sso': 'awsssoportal',
  'reporting-marketplace': 'aws-marketplace',
  'runtime.lex': 'lex',
  'runtime.sagemaker': 'sagemaker',
  'runtime-v2-lex': 'lex',
  's3-accesspoint': 's3',
  's3-control': 's3',
  's3express-control': 's3express',
  'servicecatalog-appregistry': 'servicecatalog',
  'sms-voice.pinpoint': 'sms-voice',
  'streams.dynamodb': 'dynamodb',
  transcribestreaming: 'transcribe',
  'tunneling.iot': 'IoTSecuredTunneling',
  'voice-chime': 'chime',
};

/**
 * The service as a signature names it, of an endpoint's last label before the region and the one before that. Compared with the
 * endpoints and signing names of every service that AWS's own Python client knows (botocore).
 */
export function findSigningName(label: string, before: string | undefined): string {
  const known = signingNames[`${before ?? ''}.${label}`];
  if (known !== undefined) return known;
  // Each account has an endpoint of its own for its devices' data; `iot` alone is where they are managed.
  if (label === 'iot' && before !== undefined) return 'iotdata';
  // `s3express-use1-az4`: a zone.
  if (/^s3express-[a-z0-9]+-az\d+$/.test(label)) return 's3express';
  return signingNames[label] ?? label;
}
