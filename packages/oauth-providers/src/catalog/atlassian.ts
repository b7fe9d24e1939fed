import { defineProvider } from '../definition/definition-defaults.js';

export const atlassian = defineProvider({
  id: 'atlassian',
  display_name: 'Atlassian (Jira, Confluence Cloud)',
  category: 'productivity',
  documentation_url: 'https://developer.atlassian.com/cloud/jira/platform/oauth-2-3lo-apps/',
  authorization_endpoint: 'https://auth.atlassian.com/authorize',
  token_endpoint: 'https://auth.atlassian.com/oauth/token',
  userinfo_endpoint: 'https://api.atlassian.com/me',
  token_endpoint_auth_method: 'client_secret_post',
  extra_authorization_params: { audience: 'api.atlassian.com', prompt: 'consent' },
  default_scopes: ['read:me', 'offline_access'],
  refresh_rotates: true,
  // Announced leeway: 10 minutes; outside it, reuse ends every refresh token of the user for the app.
  refresh_reuse: 'window',
  refresh_reuse_window_seconds: 600,
  access_token_ttl_seconds: 3600,
  refresh_token_idle_seconds: 7_776_000,
  refresh_token_ttl_seconds: 31_536_000,
  error_kinds: { access_denied: 'invalid_client' },
  // A spent refresh token is answered with 403 unauthorized_client, "refresh_token is invalid".
  error_description_kinds: [
    { error: 'unauthorized_client', includes: 'refresh_token', kind: 'invalid_grant' },
    { error: 'unauthorized_client', includes: 'refresh token', kind: 'invalid_grant' },
  ],
  revocation_style: 'none',
  account: {
    source: 'userinfo',
    id: '/account_id',
    identifier: '/email',
    display_name: '/name',
    email: '/email',
  },
  api_hosts: ['api.atlassian.com'],
  api_base_urls: ['https://api.atlassian.com'],
  switch_account_params: {},
  force_consent_params: { prompt: 'consent' },
  post_connect_lookup: {
    endpoint: 'https://api.atlassian.com/oauth/token/accessible-resources',
    items: '',
    id: '/id',
    label: '/name',
    url: '/url',
    metadata: 'cloud_id',
  },
  notes: [
    'cloudId comes from GET https://api.atlassian.com/oauth/token/accessible-resources',
    'refresh_token needs offline_access',
    'API host is fixed; site is a path segment /ex/jira/{cloudId}',
  ],
  evidence: { grade: 'A', agreeing_sources: 18, unverified_fields: ['access_token_ttl_seconds', 'account'] },
});
