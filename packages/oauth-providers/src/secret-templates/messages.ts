import { basicTemplate, bearerTemplate, headerTemplate, type SecretTemplate } from './secret-template.js';

/** Mail, text messages, marketing. */
export const messages: readonly SecretTemplate[] = [
  bearerTemplate('sendgrid', {
    name: 'SendGrid',
    hosts: ['api.sendgrid.com', 'api.eu.sendgrid.com'],
    docs: 'https://www.twilio.com/docs/sendgrid/api-reference/how-to-use-the-sendgrid-v3-api/authentication',
  }),
  bearerTemplate('resend', {
    name: 'Resend',
    hosts: ['api.resend.com'],
    docs: 'https://resend.com/docs/api-reference/introduction',
  }),
  headerTemplate('postmark', 'X-Postmark-Server-Token', {
    name: 'Postmark',
    hosts: ['api.postmarkapp.com'],
    docs: 'https://postmarkapp.com/developer/api/overview',
    fieldLabels: { value: 'Server API token' },
  }),
  basicTemplate('mailgun', {
    name: 'Mailgun',
    hosts: ['api.mailgun.net', 'api.eu.mailgun.net'],
    docs: 'https://documentation.mailgun.com/docs/mailgun/api-reference/mg-auth',
    fieldLabels: { username: 'User name (api)', password: 'API key' },
  }),
  basicTemplate('mailjet', {
    name: 'Mailjet',
    hosts: ['api.mailjet.com'],
    docs: 'https://dev.mailjet.com/email/reference/overview/authentication/',
    fieldLabels: { username: 'API key', password: 'Secret key' },
  }),
  headerTemplate('brevo', 'api-key', {
    name: 'Brevo',
    hosts: ['api.brevo.com'],
    docs: 'https://developers.brevo.com/docs/getting-started',
  }),
  headerTemplate('klaviyo', 'Authorization', {
    name: 'Klaviyo',
    format: 'Klaviyo-API-Key {token}',
    hosts: ['a.klaviyo.com'],
    docs: 'https://developers.klaviyo.com/en/docs/authenticate_',
    fieldLabels: { value: 'Private API key' },
  }),
  basicTemplate('twilio', {
    name: 'Twilio',
    hosts: ['api.twilio.com'],
    docs: 'https://www.twilio.com/docs/usage/requests-to-twilio',
    fieldLabels: { username: 'Account SID or API key SID', password: 'Auth token or API key secret' },
  }),
  bearerTemplate('intercom', {
    name: 'Intercom',
    hosts: ['api.intercom.io', 'api.eu.intercom.io', 'api.au.intercom.io'],
    docs: 'https://developers.intercom.com/docs/build-an-integration/learn-more/authentication',
    fieldLabels: { value: 'Access token' },
  }),
];
