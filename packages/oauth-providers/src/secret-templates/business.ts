import {
  basicTemplate,
  bearerTemplate,
  customTemplate,
  header,
  headerTemplate,
  query,
  type SecretTemplate,
} from './secret-template.js';

/** Payments, sales, shops, projects, forms. */
export const business: readonly SecretTemplate[] = [
  bearerTemplate('stripe', {
    name: 'Stripe',
    hosts: ['api.stripe.com', 'files.stripe.com'],
    docs: 'https://docs.stripe.com/api/authentication',
    fieldLabels: { value: 'Secret or restricted key' },
  }),
  headerTemplate('shopify', 'X-Shopify-Access-Token', {
    name: 'Shopify Admin',
    hosts: ['*.myshopify.com'],
    docs: 'https://shopify.dev/docs/api/usage/authentication',
    fieldLabels: { value: 'Admin API access token' },
  }),
  bearerTemplate('hubspot-private-app', {
    name: 'HubSpot private app',
    hosts: ['api.hubapi.com'],
    docs: 'https://developers.hubspot.com/docs/guides/apps/private-apps/overview',
    fieldLabels: { value: 'Access token' },
  }),
  customTemplate('pipedrive', [query('api_token')], {
    name: 'Pipedrive',
    hosts: ['api.pipedrive.com', '*.pipedrive.com'],
    docs: 'https://pipedrive.readme.io/docs/core-api-concepts-authentication',
    fieldLabels: { value: 'API token' },
  }),
  customTemplate('hunter', [query('api_key')], {
    name: 'Hunter',
    hosts: ['api.hunter.io'],
    docs: 'https://hunter.io/api-documentation',
  }),
  headerTemplate('monday', 'Authorization', {
    name: 'monday.com',
    hosts: ['api.monday.com'],
    docs: 'https://developer.monday.com/api-reference/docs/authentication',
    fieldLabels: { value: 'API token' },
  }),
  headerTemplate('clickup', 'Authorization', {
    name: 'ClickUp',
    hosts: ['api.clickup.com'],
    docs: 'https://developer.clickup.com/docs/authentication',
    fieldLabels: { value: 'Personal token' },
  }),
  headerTemplate('clockify', 'X-Api-Key', {
    name: 'Clockify',
    hosts: ['api.clockify.me'],
    docs: 'https://docs.clockify.me/',
  }),
  bearerTemplate('airtable', {
    name: 'Airtable',
    hosts: ['api.airtable.com', 'content.airtable.com'],
    docs: 'https://airtable.com/developers/web/api/authentication',
    fieldLabels: { value: 'Personal access token' },
  }),
  bearerTemplate('notion', {
    name: 'Notion',
    hosts: ['api.notion.com'],
    requiredHeaders: { 'Notion-Version': '2022-06-28' },
    docs: 'https://developers.notion.com/reference/authentication',
    fieldLabels: { value: 'Internal integration secret' },
  }),
  customTemplate('trello', [query('key', '{api_key}'), query('token')], {
    name: 'Trello',
    hosts: ['api.trello.com'],
    docs: 'https://developer.atlassian.com/cloud/trello/guides/rest-api/authorization/',
    fieldLabels: { value: 'Token', api_key: 'API key' },
  }),
  basicTemplate('jira-cloud', {
    name: 'Jira Cloud',
    hosts: ['*.atlassian.net'],
    docs: 'https://developer.atlassian.com/cloud/jira/platform/basic-auth-for-rest-apis/',
    fieldLabels: { username: 'E-mail address', password: 'API token' },
  }),
  bearerTemplate('typeform', {
    name: 'Typeform',
    hosts: ['api.typeform.com', 'api.eu.typeform.com'],
    docs: 'https://www.typeform.com/developers/get-started/personal-access-token/',
    fieldLabels: { value: 'Personal access token' },
  }),
  bearerTemplate('webflow', {
    name: 'Webflow',
    hosts: ['api.webflow.com'],
    docs: 'https://developers.webflow.com/data/reference/authentication',
    fieldLabels: { value: 'API token' },
  }),
  customTemplate(
    'algolia',
    [header('X-Algolia-API-Key'), header('X-Algolia-Application-Id', '{application_id}')],
    {
      name: 'Algolia',
      hosts: ['*.algolia.net', '*.algolianet.com'],
      docs: 'https://www.algolia.com/doc/rest-api/search/',
      fieldLabels: { value: 'API key', application_id: 'Application ID' },
    },
  ),
  basicTemplate('zendesk', {
    name: 'Zendesk',
    hosts: ['*.zendesk.com'],
    docs: 'https://developer.zendesk.com/api-reference/introduction/security-and-auth/',
    fieldLabels: { username: 'E-mail address followed by /token', password: 'API token' },
    unverified: true,
  }),
  basicTemplate('freshdesk', {
    name: 'Freshdesk',
    hosts: ['*.freshdesk.com'],
    docs: 'https://developers.freshdesk.com/api/#authentication',
    fieldLabels: { username: 'API key', password: 'X' },
    unverified: true,
  }),
];
