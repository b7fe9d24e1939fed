import {
  awsTemplate,
  bearerTemplate,
  customTemplate,
  header,
  headerTemplate,
  query,
  type SecretTemplate,
} from './secret-template.js';

const signing = 'https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv.html';

/** Clouds, databases behind an API, maps, weather. */
export const cloud: readonly SecretTemplate[] = [
  // A wildcard stands for one label, so each form of AWS's host names is named: service.region and name.service.region.
  awsTemplate('aws-us-east-1', {
    name: 'AWS, us-east-1',
    hosts: [
      '*.amazonaws.com',
      '*.us-east-1.amazonaws.com',
      '*.s3.us-east-1.amazonaws.com',
      '*.execute-api.us-east-1.amazonaws.com',
    ],
    region: 'us-east-1',
    docs: signing,
  }),
  awsTemplate('aws-eu-west-1', {
    name: 'AWS, eu-west-1',
    hosts: [
      '*.eu-west-1.amazonaws.com',
      '*.s3.eu-west-1.amazonaws.com',
      '*.execute-api.eu-west-1.amazonaws.com',
    ],
    region: 'eu-west-1',
    docs: signing,
  }),
  awsTemplate('aws-eu-central-1', {
    name: 'AWS, eu-central-1',
    hosts: [
      '*.eu-central-1.amazonaws.com',
      '*.s3.eu-central-1.amazonaws.com',
      '*.execute-api.eu-central-1.amazonaws.com',
    ],
    region: 'eu-central-1',
    docs: signing,
  }),
  awsTemplate('cloudflare-r2', {
    name: 'Cloudflare R2',
    hosts: ['*.r2.cloudflarestorage.com'],
    region: 'auto',
    service: 's3',
    docs: 'https://developers.cloudflare.com/r2/api/s3/api/',
    unverified: true,
  }),
  bearerTemplate('cloudflare', {
    name: 'Cloudflare',
    hosts: ['api.cloudflare.com'],
    docs: 'https://developers.cloudflare.com/fundamentals/api/how-to/make-api-calls/',
    fieldLabels: { value: 'API token' },
  }),
  customTemplate('supabase', [header('apikey'), header('Authorization', 'Bearer {token}')], {
    name: 'Supabase',
    hosts: ['*.supabase.co'],
    docs: 'https://supabase.com/docs/guides/api/api-keys',
    fieldLabels: { value: 'Secret or service role key' },
  }),
  headerTemplate('google-maps', 'X-Goog-Api-Key', {
    name: 'Google Maps Platform',
    hosts: ['places.googleapis.com', 'routes.googleapis.com', 'addressvalidation.googleapis.com'],
    docs: 'https://developers.google.com/maps/documentation/places/web-service/op-overview',
  }),
  customTemplate('openweathermap', [query('appid')], {
    name: 'OpenWeatherMap',
    hosts: ['api.openweathermap.org'],
    docs: 'https://openweathermap.org/appid',
  }),
  customTemplate('nasa', [query('api_key')], {
    name: 'NASA open APIs',
    hosts: ['api.nasa.gov'],
    docs: 'https://api.nasa.gov/',
  }),
  bearerTemplate('digitalocean', {
    name: 'DigitalOcean',
    hosts: ['api.digitalocean.com'],
    docs: 'https://docs.digitalocean.com/reference/api/',
    fieldLabels: { value: 'Personal access token' },
    unverified: true,
  }),
  bearerTemplate('vercel', {
    name: 'Vercel',
    hosts: ['api.vercel.com'],
    docs: 'https://vercel.com/docs/rest-api',
    fieldLabels: { value: 'Access token' },
    unverified: true,
  }),
];
