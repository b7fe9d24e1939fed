import {
  bearerTemplate,
  customTemplate,
  header,
  headerTemplate,
  type SecretTemplate,
} from './secret-template.js';

/** Source code, builds, design, monitoring, security. */
export const developerTools: readonly SecretTemplate[] = [
  bearerTemplate('github', {
    name: 'GitHub',
    hosts: ['api.github.com', 'uploads.github.com'],
    docs: 'https://docs.github.com/en/rest/authentication/authenticating-to-the-rest-api',
    fieldLabels: { value: 'Personal access token' },
  }),
  headerTemplate('gitlab', 'PRIVATE-TOKEN', {
    name: 'GitLab',
    hosts: ['gitlab.com'],
    docs: 'https://docs.gitlab.com/api/rest/authentication/',
    fieldLabels: { value: 'Personal, project or group access token' },
  }),
  headerTemplate('circleci', 'Circle-Token', {
    name: 'CircleCI',
    hosts: ['circleci.com'],
    docs: 'https://circleci.com/docs/api-developers-guide/',
    fieldLabels: { value: 'Personal API token' },
  }),
  headerTemplate('linear', 'Authorization', {
    name: 'Linear',
    hosts: ['api.linear.app'],
    docs: 'https://linear.app/developers/graphql',
  }),
  headerTemplate('figma', 'X-Figma-Token', {
    name: 'Figma',
    hosts: ['api.figma.com'],
    docs: 'https://developers.figma.com/docs/rest-api/authentication/',
    fieldLabels: { value: 'Personal access token' },
  }),
  bearerTemplate('sentry', {
    name: 'Sentry',
    hosts: ['sentry.io', '*.sentry.io'],
    docs: 'https://docs.sentry.io/api/auth/',
    fieldLabels: { value: 'Auth token' },
  }),
  customTemplate('datadog', [header('DD-API-KEY'), header('DD-APPLICATION-KEY', '{application_key}')], {
    name: 'Datadog',
    hosts: [
      'api.datadoghq.com',
      'api.us3.datadoghq.com',
      'api.us5.datadoghq.com',
      'api.datadoghq.eu',
      'api.ap1.datadoghq.com',
      'api.ap2.datadoghq.com',
    ],
    docs: 'https://docs.datadoghq.com/api/latest/authentication/',
    fieldLabels: { value: 'API key', application_key: 'Application key' },
  }),
  headerTemplate('datadog-intake', 'DD-API-KEY', {
    name: 'Datadog, API key alone',
    hosts: ['api.datadoghq.com', 'api.us3.datadoghq.com', 'api.us5.datadoghq.com', 'api.datadoghq.eu'],
    docs: 'https://docs.datadoghq.com/api/latest/authentication/',
  }),
  headerTemplate('new-relic', 'API-Key', {
    name: 'New Relic NerdGraph',
    hosts: ['api.newrelic.com', 'api.eu.newrelic.com'],
    docs: 'https://docs.newrelic.com/docs/apis/nerdgraph/get-started/introduction-new-relic-nerdgraph/',
    fieldLabels: { value: 'User key' },
  }),
  headerTemplate('opsgenie', 'Authorization', {
    name: 'Opsgenie',
    format: 'GenieKey {token}',
    hosts: ['api.opsgenie.com', 'api.eu.opsgenie.com'],
    docs: 'https://docs.opsgenie.com/docs/authentication',
  }),
  headerTemplate('pagerduty', 'Authorization', {
    name: 'PagerDuty',
    format: 'Token token={token}',
    hosts: ['api.pagerduty.com', 'api.eu.pagerduty.com'],
    docs: 'https://developer.pagerduty.com/docs/authentication',
    unverified: true,
  }),
  headerTemplate('okta', 'Authorization', {
    name: 'Okta',
    format: 'SSWS {token}',
    hosts: ['*.okta.com', '*.oktapreview.com', '*.okta-emea.com'],
    docs: 'https://developer.okta.com/docs/guides/create-an-api-token/main/',
    fieldLabels: { value: 'API token' },
  }),
  headerTemplate('virustotal', 'x-apikey', {
    name: 'VirusTotal',
    hosts: ['www.virustotal.com'],
    docs: 'https://docs.virustotal.com/reference/authentication',
  }),
  headerTemplate('urlscan', 'API-Key', {
    name: 'urlscan.io',
    hosts: ['urlscan.io'],
    docs: 'https://docs.urlscan.io/apis/urlscan-openapi',
  }),
];
