import { defineProvider } from '../definition/definition-defaults.js';

export const salesforce = defineProvider({
  id: 'salesforce',
  display_name: 'Salesforce',
  category: 'crm',
  documentation_url:
    'https://help.salesforce.com/s/articleView?id=xcloud.remoteaccess_oauth_web_server_flow.htm',
  authorization_endpoint: 'https://{domain}/services/oauth2/authorize',
  token_endpoint: 'https://{domain}/services/oauth2/token',
  revocation_endpoint: 'https://{domain}/services/oauth2/revoke',
  userinfo_endpoint: 'https://{domain}/services/oauth2/userinfo',
  token_endpoint_auth_method: 'client_secret_post',
  default_scopes: ['id', 'api', 'refresh_token'],
  refresh_rotates: false,
  // Rotation is a setting of the app, so a replay may end the grant.
  refresh_reuse: 'strict',
  access_token_ttl_seconds: 7200,
  token_response_metadata: { instance_url: '/instance_url', id: '/id' },
  error_kinds: {
    invalid_client_id: 'invalid_client',
    invalid_client_credentials: 'invalid_client',
    inactive_user: 'invalid_grant',
    inactive_org: 'invalid_grant',
    rate_limit_exceeded: 'rate_limited',
    unknown_error: 'transient',
  },
  account: {
    source: 'userinfo',
    id: ['/organization_id', '/user_id'],
    identifier: ['/email', '/preferred_username'],
    display_name: '/name',
    email: '/email',
    // Organization ids are unique, whichever of the login hosts was used.
    issuer: 'https://login.salesforce.com',
  },
  url_params: [
    {
      name: 'domain',
      label: 'Login host',
      pattern:
        '^(login\\.salesforce\\.com|test\\.salesforce\\.com|[a-z0-9-]+(--[a-z0-9-]+)?(\\.[a-z0-9-]+)?\\.my\\.salesforce\\.com)$',
      default: 'login.salesforce.com',
      example: 'acme.my.salesforce.com',
    },
  ],
  runtime_hosts: [{ metadata: 'instance_url', allowed_suffixes: ['salesforce.com', 'force.com'] }],
  api_hosts: ['{domain}'],
  api_base_urls: ['https://{instance_url}'],
  switch_account_params: { prompt: 'login' },
  force_consent_params: { prompt: 'consent' },
  login_hint_param: 'login_hint',
  notes: [
    'expiry can be read with POST {instance_url}/services/oauth2/introspect',
    'instance_url in token response is the API base',
    'no expires_in: lifetime is the org session setting (default 7200 s)',
    'id URL in token response gives identity',
    'issued_at in milliseconds',
    'rotation is an app setting',
  ],
  evidence: { grade: 'A', agreeing_sources: 18, unverified_fields: ['refresh_rotates', 'account'] },
});
