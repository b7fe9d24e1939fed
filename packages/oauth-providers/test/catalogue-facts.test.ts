import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { findProvider, listProviders, type ProviderDefinition } from '../src/index.js';

/** Collected facts, as they came: the names on the left are theirs. */
type Facts = Record<string, unknown> & { id: string };
const facts: Facts[] = JSON.parse(
  readFileSync(new URL('./fixtures/provider-facts.json', import.meta.url), 'utf8'),
);

/** Where the catalogue says something else on purpose. */
const deviations: Record<string, string> = {
  'github.refresh': 'some registrations get a refresh token, so the answer decides',
  'github.refresh_token_rotates': 'where there is a refresh token, nobody says whether it rotates',
  'github.required_api_headers': 'the quirk "API needs a User-Agent header" as data',
  'github.revocation_url': 'the quirk "revocation is DELETE ..." as data',
  'hubspot.revocation_url': 'the quirk "revocation is DELETE ..." as data',
  'hubspot.pkce': 'not known to refuse it, and unknown parameters are ignored',
  'notion.revocation_url': "in the provider's own reference (developers.notion.com/reference/revoke-token)",
  'salesforce.access_token_ttl_s': 'the quirk "default 7200 s" as data',
  'slack.token_response_metadata': 'the quirk "team.id and enterprise.id in token response" as data',
  'notion.token_response_metadata': 'the quirk "workspace_id, workspace_name, bot_id" as data',
  'dropbox.token_response_metadata': 'the quirk "account_id and team_id in token response" as data',
  'zoom.token_response_metadata': 'the quirk "api_url in token response" as data',
  'zoom.runtime_url_params': 'the quirk "api_url in token response" as data',
  'zoom.runtime_host_suffixes': 'the quirk "api_url in token response" as data',
};

const orNull = (value: unknown) => value ?? null;
const byName = (d: ProviderDefinition, pick: (param: ProviderDefinition['url_params'][number]) => unknown) =>
  Object.fromEntries(d.url_params.map((param) => [param.name, pick(param)]));
const toPointer = (path: string) => `/${path.replaceAll('.', '/')}`;
const factNames: Record<string, string> = {
  access_token_ttl_s: 'access_token_ttl_seconds',
  account_id_path: 'account',
  revocation_url: 'revocation_endpoint',
  refresh_token_rotates: 'refresh_rotates',
};

/** Each fact's name to what the definition says about it; what is left out here fails the test below. */
const table: Record<string, (d: ProviderDefinition, fact: unknown) => unknown> = {
  id: (d) => d.id,
  display_name: (d) => d.display_name,
  category: (d) => d.category,
  docs_url: (d) => d.documentation_url,
  authorization_url: (d) => d.authorization_endpoint,
  token_url: (d) => d.token_endpoint,
  refresh_url: (d) => orNull(d.refresh_endpoint),
  revocation_url: (d) => orNull(d.revocation_endpoint),
  userinfo_url: (d) => orNull(d.userinfo_endpoint),
  userinfo_method: (d) => d.userinfo_method,
  userinfo_body: (d) => d.userinfo_body,
  account_id_path: (d, fact) =>
    d.account.identifier[0] === toPointer(String(fact)) ? fact : d.account.identifier[0],
  account_id_from: (d) => d.account.source,
  scope_separator: (d) => d.scope_separator,
  default_scopes: (d) => d.default_scopes,
  pkce: (d) => (d.pkce === 'S256' ? 'supported' : 'unsupported'),
  token_auth_method: (d) => d.token_endpoint_auth_method,
  token_request_format: (d) => d.token_request_format,
  client_id_param: (d) => d.client_id_parameter,
  response_type: (d) => d.response_type,
  extra_authorization_params: (d) => d.extra_authorization_params,
  extra_token_params: (d) => d.extra_token_params,
  extra_refresh_params: (d) => d.extra_refresh_params,
  refresh: (d) => (d.refresh === 'if_issued' ? 'if_issued' : d.refresh === 'supported'),
  refresh_token_rotates: (d) => d.refresh_rotates,
  access_token_ttl_s: (d) => orNull(d.access_token_ttl_seconds),
  url_params: (d) => d.url_params.map((param) => param.name),
  url_param_defaults: (d) => byName(d, (param) => param.default),
  url_param_patterns: (d) => byName(d, (param) => param.pattern),
  runtime_url_params: (d) => d.runtime_hosts.map((host) => host.metadata),
  runtime_host_suffixes: (d) => d.runtime_hosts.flatMap((host) => host.allowed_suffixes),
  callback_params: (d) => d.callback_params,
  token_response_metadata: (d) => Object.keys(d.token_response_metadata),
  token_in: (d) => (d.token_placement.format === 'Bearer {token}' ? 'header_bearer' : d.token_placement.in),
  token_placement: (d) => d.token_placement,
  required_api_headers: (d) => d.required_api_headers,
  api_base_urls: (d) => d.api_base_urls,
  token_response_quirks: (d) => d.notes,
  equivalent_endpoints: (d) =>
    d.equivalent_endpoints.map((pair) => ({
      authorization_url: pair.authorization_endpoint,
      token_url: pair.token_endpoint,
    })),
  agreeing_sources: (d) => d.evidence?.agreeing_sources,
  evidence_grade: (d) => d.evidence?.grade,
  unsourced_fields: (d, fact) =>
    (fact as string[]).every((field) => d.evidence?.unverified_fields.includes(factNames[field] ?? field))
      ? fact
      : d.evidence,
};

describe('every collected fact of the twelve is in the catalogue', () => {
  it.each(facts.map((fact) => [fact.id, fact] as const))('%s', (id, fact) => {
    const definition = findProvider(id);
    if (definition === undefined) throw new Error(`${id} is missing`);
    for (const [name, value] of Object.entries(fact)) {
      const read = table[name];
      if (read === undefined) throw new Error(`no rule for the fact ${name}`);
      const stated = read(definition, value);
      if (deviations[`${id}.${name}`] !== undefined)
        expect(stated, `${id}.${name} is no deviation any more`).not.toEqual(value);
      else expect(stated, `${id}.${name}`).toEqual(value);
    }
  });

  it('twelve, and no deviation without its provider', () => {
    expect(facts.map((fact) => fact.id).sort()).toEqual(listProviders().map((entry) => entry.id));
    for (const key of Object.keys(deviations))
      expect(facts.some((fact) => key.startsWith(`${fact.id}.`))).toBe(true);
  });
});

describe('what the guarantees need of each entry', () => {
  it.each(listProviders().map((entry) => [entry.id, entry] as const))('%s', (_id, entry) => {
    // C3: no PKCE only where the facts say that the provider refuses it.
    const fact = facts.find((candidate) => candidate.id === entry.id);
    expect(entry.pkce === 'none').toBe(fact?.pkce === 'unsupported');
    // R4: a replay only where reuse is known to be harmless.
    if (entry.refresh_rotates === 'unknown') expect(entry.refresh_reuse).toBe('strict');
    if (entry.refresh_rotates === true) expect(entry.refresh_reuse).not.toBe('none');
    // E1: every API base is among the hosts a credential may go to, and all is https.
    for (const url of entry.api_base_urls.filter((base) => !base.includes('{'))) {
      const { host, protocol } = new URL(url);
      expect(protocol).toBe('https:');
      expect(
        entry.api_hosts.some(
          (allowed) =>
            allowed === host ||
            (allowed.startsWith('*.') && host.split('.').slice(1).join('.') === allowed.slice(2)),
        ),
      ).toBe(true);
    }
    for (const endpoint of [
      entry.authorization_endpoint,
      entry.token_endpoint,
      entry.userinfo_endpoint,
      entry.revocation_endpoint,
    ]) {
      if (endpoint !== undefined) expect(endpoint).toMatch(/^https:/);
    }
    expect(entry.documentation_url).toMatch(/^https:/);
  });
});
