import { defineProvider } from '../definition/definition-defaults.js';

export const spotify = defineProvider({
  id: 'spotify',
  display_name: 'Spotify',
  category: 'social',
  documentation_url: 'https://developer.spotify.com/documentation/web-api/tutorials/code-flow',
  authorization_endpoint: 'https://accounts.spotify.com/authorize',
  token_endpoint: 'https://accounts.spotify.com/api/token',
  userinfo_endpoint: 'https://api.spotify.com/v1/me',
  token_endpoint_auth_method: 'client_secret_basic',
  client_secret_basic_encoding: 'raw',
  default_scopes: ['user-read-email'],
  refresh_rotates: false,
  // PKCE is used here, and with PKCE the refresh token rotates.
  refresh_reuse: 'strict',
  access_token_ttl_seconds: 3600,
  revocation_style: 'none',
  account: {
    source: 'userinfo',
    id: '/id',
    identifier: ['/email', '/id'],
    display_name: '/display_name',
    email: '/email',
  },
  api_hosts: ['api.spotify.com'],
  api_base_urls: ['https://api.spotify.com'],
  switch_account_params: { show_dialog: 'true' },
  force_consent_params: { show_dialog: 'true' },
  notes: ['refresh response may omit refresh_token: keep the old one', 'with PKCE the refresh_token rotates'],
  evidence: { grade: 'A', agreeing_sources: 29, unverified_fields: ['access_token_ttl_seconds', 'account'] },
});
