import { describe, expect, it } from 'vitest';
import { readAwsPlace } from './aws-host.js';

describe('region and service of an AWS host', () => {
  it.each([
    ['s3.eu-central-1.amazonaws.com', 'eu-central-1', 's3'],
    ['bucket.s3.us-west-2.amazonaws.com', 'us-west-2', 's3'],
    ['my.dotted.bucket.s3.us-west-2.amazonaws.com', 'us-west-2', 's3'],
    ['bucket.s3.dualstack.eu-west-1.amazonaws.com', 'eu-west-1', 's3'],
    ['bucket.s3-eu-west-1.amazonaws.com', 'eu-west-1', 's3'],
    ['bucket.s3.amazonaws.com', 'us-east-1', 's3'],
    ['DynamoDB.us-east-1.amazonaws.com.', 'us-east-1', 'dynamodb'],
    ['streams.dynamodb.us-east-1.amazonaws.com', 'us-east-1', 'dynamodb'],
    ['bedrock-runtime.us-east-1.amazonaws.com', 'us-east-1', 'bedrock'],
    ['email.eu-west-1.amazonaws.com', 'eu-west-1', 'ses'],
    ['api.ecr.eu-west-1.amazonaws.com', 'eu-west-1', 'ecr'],
    ['abc123.execute-api.us-east-2.amazonaws.com', 'us-east-2', 'execute-api'],
    ['abc123.lambda-url.us-east-2.on.aws', 'us-east-2', 'lambda'],
    ['lambda.us-east-2.api.aws', 'us-east-2', 'lambda'],
    ['search-logs-abc.us-east-1.es.amazonaws.com', 'us-east-1', 'es'],
    ['collection.us-east-1.aoss.amazonaws.com', 'us-east-1', 'aoss'],
    ['vpce-1a2b.ec2.us-east-1.vpce.amazonaws.com', 'us-east-1', 'ec2'],
    ['kms-fips.us-gov-west-1.amazonaws.com', 'us-gov-west-1', 'kms'],
    ['s3.cn-north-1.amazonaws.com.cn', 'cn-north-1', 's3'],
    ['iam.amazonaws.com', 'us-east-1', 'iam'],
    ['budgets.amazonaws.com', 'us-east-1', 'budgets'],
    ['global.health.amazonaws.com', 'us-east-1', 'health'],
    ['a1b2c3-ats.iot.eu-west-1.amazonaws.com', 'eu-west-1', 'iotdata'],
    ['iot.eu-west-1.amazonaws.com', 'eu-west-1', 'iot'],
    ['data.jobs.iot.eu-west-1.amazonaws.com', 'eu-west-1', 'iot-jobs-data'],
    ['123.s3-control.eu-west-1.amazonaws.com', 'eu-west-1', 's3'],
    ['b--use1-az4--x-s3.s3express-use1-az4.us-east-1.amazonaws.com', 'us-east-1', 's3express'],
    ['pinpoint.eu-west-1.amazonaws.com', 'eu-west-1', 'mobiletargeting'],
    ['sms-voice.pinpoint.eu-west-1.amazonaws.com', 'eu-west-1', 'sms-voice'],
    ['personalize-runtime.eu-west-1.amazonaws.com', 'eu-west-1', 'personalize'],
    ['transcribestreaming.eu-west-1.amazonaws.com', 'eu-west-1', 'transcribe'],
    ['sts.amazonaws.com', 'us-east-1', 'sts'],
  ])('%s is %s %s', (host, region, service) => {
    expect(readAwsPlace(host)).toEqual({ region, service });
  });

  it.each([
    'example.com',
    'localhost',
    '127.0.0.1',
    'amazonaws.com',
    's3.eu-central-1.amazonaws.com.evil.test',
    'notamazonaws.com',
    'something.amazonaws.com',
    'eu-central-1.amazonaws.com',
  ])('%s says nothing', (host) => {
    expect(readAwsPlace(host)).toBeUndefined();
  });
});
