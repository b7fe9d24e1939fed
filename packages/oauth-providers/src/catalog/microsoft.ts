import { defineProvider } from '../definition/definition-defaults.js';

export const microsoft = defineProvider({
  id: 'microsoft',
  display_name: 'Microsoft',
  category: 'productivity',
  documentation_url: 'https://learn.microsoft.com/en-us/entra/identity-platform/v2-oauth2-auth-code-flow',
  authorization_endpoint: 'https://login.microsoftonline.com/{tenant}/oauth2/v2.0/authorize',
  token_endpoint: 'https://login.microsoftonline.com/{tenant}/oauth2/v2.0/token',
  userinfo_endpoint: 'https://graph.microsoft.com/v1.0/me',
  token_endpoint_auth_method: 'client_secret_post',
  extra_authorization_params: { response_mode: 'query' },
  default_scopes: ['openid', 'profile', 'email', 'offline_access', 'User.Read'],
  // The answer lists scopes of the resource; those that steer the sign-in itself are left out.
  scopes_not_returned: ['openid', 'profile', 'email', 'offline_access'],
  refresh_rotates: true,
  refresh_reuse: 'window',
  access_token_ttl_seconds: 3600,
  refresh_token_idle_seconds: 7_776_000,
  error_kinds: {
    interaction_required: 'invalid_grant',
    consent_required: 'invalid_grant',
    login_required: 'invalid_grant',
  },
  revocation_style: 'none',
  account: {
    source: 'userinfo',
    id: '/id',
    identifier: ['/userPrincipalName', '/mail'],
    display_name: '/displayName',
    email: ['/mail', '/userPrincipalName'],
    // Object ids are unique over all tenants, so the tenant in the URL is no part of the identity.
    issuer: 'https://login.microsoftonline.com',
  },
  url_params: [
    {
      name: 'tenant',
      label: 'Tenant (directory id or domain)',
      pattern: '^(common|organizations|consumers|[A-Za-z0-9.-]{1,253})$',
      default: 'common',
      example: 'contoso.onmicrosoft.com',
    },
  ],
  api_hosts: ['graph.microsoft.com'],
  api_base_urls: ['https://graph.microsoft.com'],
  switch_account_params: { prompt: 'select_account' },
  force_consent_params: { prompt: 'consent' },
  login_hint_param: 'login_hint',
  cross_origin_opener_policy: 'same-origin',
  notes: [
    'refresh_token needs offline_access scope',
    'one resource (audience) per access token',
    'access token lifetime 60-90 minutes',
    'token request fails on scopes of two resources',
    'old refresh token stays valid after refresh',
  ],
  evidence: { grade: 'A', agreeing_sources: 32, unverified_fields: ['access_token_ttl_seconds', 'account'] },
});
