import { SHAPES } from './catalogue.js';
import type { ShapedProviderId } from './options.js';

/** Fields of a provider's configuration (configuration.md) that lead a catalogue entry to its emulated shape. */
export type EmulatedOverrides = {
  authorization_endpoint: string;
  token_endpoint: string;
  userinfo_endpoint: string;
  revocation_endpoint?: string;
  issuer?: string;
  jwks_uri?: string;
  api_hosts: string[];
  api_base_urls: string[];
  runtime_hosts?: { metadata: string; allowed_suffixes: string[] }[];
  post_connect_lookup?: Record<string, string>;
};

/**
 * What to put into the configuration entry of a catalogue provider so that it uses the emulator at `baseUrl`
 * (`http://127.0.0.1:4700`). Client: `{id}-client` with the secret `{id}-secret`. API calls go below the first of
 * `api_base_urls`, for example `${api_base_urls[0]}/messages`. Throws RangeError for a provider without a shape.
 */
export function emulatedOverrides(id: ShapedProviderId, baseUrl: string): EmulatedOverrides {
  const shape = SHAPES.find((candidate) => candidate.id === id);
  if (!shape) throw new RangeError(`no shape for ${JSON.stringify(id)}`);
  const { origin, host, hostname } = new URL(baseUrl);
  const base = `${origin}/p/${id}`;
  return {
    authorization_endpoint: base + shape.authorizePath,
    token_endpoint: base + shape.tokenPath,
    userinfo_endpoint: base + shape.userinfoPath,
    ...(shape.revocationPath === undefined ? {} : { revocation_endpoint: base + shape.revocationPath }),
    ...(shape.isOpenId ? { issuer: base, jwks_uri: `${base}/certs` } : {}),
    api_hosts: [host],
    api_base_urls: [`${base}/api`],
    ...(id === 'salesforce'
      ? { runtime_hosts: [{ metadata: 'instance_url', allowed_suffixes: [hostname] }] }
      : {}),
    ...(id === 'zoom' ? { runtime_hosts: [{ metadata: 'api_url', allowed_suffixes: [hostname] }] } : {}),
    ...(id === 'atlassian'
      ? {
          post_connect_lookup: {
            endpoint: `${base}/oauth/token/accessible-resources`,
            items: '',
            id: '/id',
            label: '/name',
            url: '/url',
            metadata: 'cloud_id',
          },
        }
      : {}),
  };
}
