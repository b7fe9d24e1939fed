import { listPlaceholders } from '../location/placeholders.js';

type Facts = {
  url_params: readonly {
    name: string;
    default?: string | undefined;
    options?: readonly string[] | undefined;
  }[];
  token_response_metadata: Readonly<Record<string, unknown>>;
  runtime_hosts: readonly { metadata: string }[];
  api_hosts: readonly string[];
  api_base_urls: readonly string[];
  account: { source: string };
  userinfo_endpoint?: string | undefined;
  userinfo_token_in: string;
  revocation_endpoint?: string | undefined;
  revocation_style: string;
  [field: string]: unknown;
};
type Fault = { path: readonly (string | number)[]; message: string };

const endpoints = [
  'authorization_endpoint',
  'token_endpoint',
  'refresh_endpoint',
  'issuer',
  'jwks_uri',
] as const;

/** What single fields cannot say: placeholders nobody fills, facts that need one another. */
export function findDefinitionFaults(definition: Facts): Fault[] {
  const faults: Fault[] = [];
  const urlParams = definition.url_params.map((param) => param.name);
  const check = (path: readonly (string | number)[], template: unknown, known: readonly string[]) => {
    if (typeof template !== 'string') return;
    for (const placeholder of listPlaceholders(template)) {
      if (!known.includes(placeholder))
        faults.push({ path, message: `{${placeholder}} is not among url_params` });
    }
  };

  for (const field of endpoints) check([field], definition[field], urlParams);
  check(['userinfo_endpoint'], definition.userinfo_endpoint, [...urlParams, 'access_token']);
  check(['revocation_endpoint'], definition.revocation_endpoint, [
    ...urlParams,
    'client_id',
    'access_token',
    'refresh_token',
  ]);
  definition.api_hosts.forEach((host, index) => {
    check(['api_hosts', index], host, urlParams);
  });
  const metadata = Object.keys(definition.token_response_metadata);
  definition.api_base_urls.forEach((url, index) => {
    check(['api_base_urls', index], url, [...urlParams, ...metadata]);
  });
  definition.runtime_hosts.forEach((host, index) => {
    if (!metadata.includes(host.metadata)) {
      faults.push({
        path: ['runtime_hosts', index, 'metadata'],
        message: 'is not among token_response_metadata',
      });
    }
  });
  if (new Set(urlParams).size !== urlParams.length)
    faults.push({ path: ['url_params'], message: 'has a name twice' });
  if (definition.account.source === 'userinfo' && definition.userinfo_endpoint === undefined) {
    faults.push({ path: ['userinfo_endpoint'], message: 'is needed, as the account is read from it' });
  }
  if (definition.revocation_style !== 'none' && definition.revocation_endpoint === undefined) {
    faults.push({ path: ['revocation_endpoint'], message: 'is needed for this revocation_style' });
  }
  if (definition.userinfo_token_in === 'path' && !definition.userinfo_endpoint?.includes('{access_token}')) {
    faults.push({ path: ['userinfo_endpoint'], message: 'must hold {access_token}' });
  }
  return faults;
}
