import { type Endpoint, endpoints } from '@alter-ai/core-contract';

/** Name of an endpoint in the contract's table. */
export type EndpointName = keyof typeof endpoints;
/** A JSON object. */
export type Json = { [name: string]: unknown };

/** An id that no row has. */
export const unknownId = '0199a2f4-7c11-7000-8000-000000000001';

const token = `alter_cs_${'a'.repeat(43)}.aHR0cDovLzEyNy4wLjAuMQ`;

/** One body per endpoint in which every field of its schema is set, with values that the schema takes; null: no body. */
const samples: Record<EndpointName, Json | null> = {
  createConnectSession: {
    allowed_providers: ['acme'],
    return_url: 'http://127.0.0.1:4600/connected',
    allowed_origin: 'http://127.0.0.1:4600',
    metadata: { team: 'blue' },
    direct: false,
    switch_account: false,
    allow_user_policy_rules: true,
    grant_policy: {
      expires_at: '2999-01-01T00:00:00Z',
      max_ttl_seconds: 60,
      default_ttl_seconds: 60,
      proxy_only: true,
    },
    required_scopes: { acme: ['openid'] },
    requested_grant: {
      label: 'work',
      restrictions: { allowed_methods: ['GET'], allowed_endpoints: ['/a'] },
    },
    repair_grant_id: unknownId,
    agent: 'agent',
    delegable: false,
    scope_constraint: ['a'],
    user_token: 'a.b.c',
  },
  pollConnectSession: { session_token: token },
  retrieveToken: {
    grant_id: unknownId,
    reason: 'why',
    request: { method: 'GET', url: 'https://api.example/items' },
    user_token: null,
    app_user_id: null,
    account: 'alice@example.test',
    label: 'work',
  },
  proxyCall: {
    method: 'POST',
    url: 'https://api.example/items',
    grant_id: unknownId,
    account: 'alice@example.test',
    label: 'work',
    app_user_id: null,
    user_token: null,
    headers: { accept: '*/*' },
    query_params: { tags: ['x'] },
    reason: 'why',
    body: { any: ['json'] },
  },
  recordApiCall: {
    grant_id: unknownId,
    provider_id: 'acme',
    token_generation: unknownId,
    method: 'GET',
    url: 'https://api.example/items',
    request_headers: { accept: '*/*' },
    request_body: { any: ['json'] },
    response_status: 200,
    response_headers: { 'content-type': 'text/plain' },
    response_body: 'done',
    latency_ms: 12.5,
    reason: 'why',
    context: { run_id: 'r-1' },
  },
  getAuditReceipt: null,
  reportScopeMismatch: {
    provider_status_code: 403,
    provider_error_code: 'insufficient_scope',
    missing_scopes: ['a'],
    raw_www_authenticate: 'Bearer',
    api_endpoint: 'https://api.example/items',
    detection_source: 'provider_403',
    sdk_correlation_id: 'c-1',
  },
  listGrants: {
    limit: 10,
    offset: 0,
    provider_id: 'acme',
    status: 'active',
    account: 'alice@example.test',
    label: 'work',
    user_token: 'a.b.c',
  },
  revokeGrant: { reason: 'no longer needed', user_token: 'a.b.c' },
  mintGrant: {
    label: 'sibling',
    grant_policy: {
      expires_at: '2999-01-01T00:00:00Z',
      max_ttl_seconds: 60,
      proxy_only: true,
      restrictions: { allowed_methods: ['GET'] },
      requires_approval: true,
    },
    grant_tags: ['job'],
  },
  createSecretGrant: {
    principal: { type: 'system', label: 'work' },
    grant_policy: {
      expires_at: '2999-01-01T00:00:00Z',
      max_ttl_seconds: 60,
      default_ttl_seconds: 60,
      proxy_only: true,
    },
    credential_id: unknownId,
  },
  createSecretSession: {
    provider: 'datadog',
    template_slug: 'datadog',
    agent: 'agent',
    delegated_agent_id: 'agent',
    user_token: 'a.b.c',
    requested_ttl_seconds: 60,
    allowed_origin: 'http://127.0.0.1:4600',
    return_url: 'http://127.0.0.1:4600/connected',
    allow_user_policy_rules: true,
    delegable: false,
    requested_grant: { label: 'work' },
    grant_policy: {
      expires_at: '2999-01-01T00:00:00Z',
      max_ttl_seconds: 60,
      default_ttl_seconds: 60,
      proxy_only: true,
    },
    direct: false,
    repair_grant_id: unknownId,
  },
  verifyUserToken: { token: 'a.b.c' },
  listProviders: null,
  listScopes: null,
  connectStatus: { session_token: token, wait_ms: 0 },
  pageOpen: { session_token: token },
  pageAuthorize: {
    handle: unknownId,
    provider_id: 'acme',
    parameters: { shop: 'example' },
    lifetime_seconds: 60,
    add_account: false,
  },
  pageEnterKey: { handle: unknownId, fields: { value: 'key' }, lifetime_seconds: 60 },
  pageUseExisting: { handle: unknownId, grant_id: unknownId },
  pageResolveMismatch: { handle: unknownId, choice: 'add' },
  pageFinish: { handle: unknownId },
  pageCancel: { handle: unknownId },
  auditKeys: null,
  health: null,
  readiness: null,
};

/** Optional fields that stay away from a plain call: each asks for more than the test wants to ask. */
const optionalFields: Partial<Record<EndpointName, readonly string[]>> = {
  createConnectSession: [
    'agent',
    'delegable',
    'scope_constraint',
    'requested_grant',
    'repair_grant_id',
    'user_token',
  ],
  mintGrant: ['grant_policy'],
  createSecretSession: ['agent', 'delegated_agent_id', 'requested_ttl_seconds', 'repair_grant_id'],
  listGrants: ['user_token'],
  revokeGrant: ['user_token'],
};

/** One endpoint with what it takes to call it. */
export interface CallableEndpoint {
  readonly name: EndpointName;
  readonly endpoint: Endpoint;
  /** With its placeholder filled in by an id that no row has. */
  readonly path: string;
  /** Every field set. */
  readonly sample: Json | null;
  /** What a caller would send: passes all general checks. */
  readonly plain: Json | null;
}

/** Every endpoint of the contract. */
export const callableEndpoints: readonly CallableEndpoint[] = Object.entries<Endpoint>(endpoints).map(
  ([key, endpoint]) => {
    const name = key as EndpointName;
    const sample = samples[name];
    const omitted = optionalFields[name] ?? [];
    const plain =
      sample && Object.fromEntries(Object.entries(sample).filter(([field]) => !omitted.includes(field)));
    return { name, endpoint, path: fillPath(endpoint.path), sample, plain };
  },
);

/** Those that take a body, each once per shape that its body may have. */
export const bodyEndpoints: readonly CallableEndpoint[] = callableEndpoints
  .filter(({ endpoint }) => endpoint.request !== null)
  .flatMap((target) => {
    if (target.name !== 'pageOpen') return [target];
    const sample = { handle: unknownId };
    return [target, { ...target, sample, plain: sample }];
  });
/** Those that are signed. */
export const signedEndpoints = callableEndpoints.filter(({ endpoint }) => endpoint.access === 'key');

/** The path of an endpoint with an id in its placeholder. */
export function fillPath(path: string, id = unknownId): string {
  return path.replace(/\{[a-z_]+_id\}/, id);
}

/** What a well signed call is answered that has no body, an unknown id in its address, or a body with a field too many. */
export function readStatusBehindSignature({ endpoint }: CallableEndpoint): number {
  if (endpoint.request !== null) return 422;
  return endpoint.path.includes('{') ? 404 : 200;
}
