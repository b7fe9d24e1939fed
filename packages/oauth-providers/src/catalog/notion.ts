import { defineProvider } from '../definition/definition-defaults.js';

export const notion = defineProvider({
  id: 'notion',
  display_name: 'Notion',
  category: 'productivity',
  documentation_url: 'https://developers.notion.com/docs/authorization',
  authorization_endpoint: 'https://api.notion.com/v1/oauth/authorize',
  token_endpoint: 'https://api.notion.com/v1/oauth/token',
  // https://developers.notion.com/reference/revoke-token
  revocation_endpoint: 'https://api.notion.com/v1/oauth/revoke',
  userinfo_endpoint: 'https://api.notion.com/v1/users/me',
  token_endpoint_auth_method: 'client_secret_basic',
  // Client ids are UUIDs, which some encoders would turn into %2D.
  client_secret_basic_encoding: 'raw',
  token_request_format: 'json',
  pkce: 'none',
  extra_authorization_params: { owner: 'user' },
  has_registered_scopes: true,
  scope_response: 'none',
  refresh_rotates: true,
  token_response_metadata: {
    workspace_id: '/workspace_id',
    workspace_name: '/workspace_name',
    bot_id: '/bot_id',
    owner_type: '/owner/type',
  },
  error_pointers: ['/error', '/code'],
  error_description_pointers: ['/error_description', '/message'],
  error_kinds: {
    unauthorized: 'invalid_client',
    service_unavailable: 'transient',
    internal_server_error: 'transient',
  },
  revocation_token: 'access_token',
  revocation_request_format: 'json',
  revocation_headers: { 'Notion-Version': '2022-06-28' },
  userinfo_headers: { 'Notion-Version': '2022-06-28' },
  account: {
    source: 'token_response',
    // One token per workspace, so the workspace is part of what was connected.
    id: ['/workspace_id', '/owner/user/id'],
    identifier: ['/owner/user/person/email', '/owner/user/name', '/workspace_name'],
    display_name: ['/workspace_name', '/owner/user/name'],
    email: '/owner/user/person/email',
  },
  api_hosts: ['api.notion.com'],
  api_base_urls: ['https://api.notion.com'],
  required_api_headers: { 'Notion-Version': '2022-06-28' },
  switch_account_params: {},
  force_consent_params: {},
  notes: [
    'no scopes (capabilities are in the app registration)',
    'workspace_id, workspace_name, bot_id, owner in token response',
    'older integrations get no refresh_token and tokens do not expire',
  ],
  evidence: { grade: 'A', agreeing_sources: 25, unverified_fields: ['account'] },
});
