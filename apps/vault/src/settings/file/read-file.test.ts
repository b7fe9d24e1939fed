import { describe, expect, it } from 'vitest';
import { checkSettings } from './read-file.js';
import { SettingsFileError } from './settings-file-error.js';

const app = { slug: 'demo', name: 'Demo' };
const acme = {
  id: 'acme',
  name: 'Acme',
  authorization_endpoint: 'https://acme.example/authorize',
  token_endpoint: 'https://acme.example/token',
  userinfo_endpoint: 'https://acme.example/me',
};
const webhook = { name: 'ops', url: 'https://hooks.example/alter', events: ['grant.*'] };

function check(
  content: unknown,
  options: { isDevelopment?: boolean; variables?: Record<string, string> } = {},
) {
  return checkSettings(content, 'vault.yaml', {
    isDevelopment: options.isDevelopment ?? true,
    readVariable: (name) => options.variables?.[name],
    readFile: (name) => {
      if (name === 'secret.txt') return 'from-file\n';
      throw new Error('no such file');
    },
  });
}

function listProblems(content: unknown, options = {}): string[] {
  try {
    check(content, options);
    return [];
  } catch (error) {
    if (!(error instanceof SettingsFileError)) throw error;
    return error.problems.map((problem) => `${problem.path}: ${problem.message}`);
  }
}

const inApp = (fields: object) => ({ version: 1, apps: [{ ...app, ...fields }] });

describe('the vault as one file', () => {
  it.each([
    [{ version: 2, apps: [] }, 'version'],
    [{ version: 1 }, 'apps'],
    [inApp({ slug: 'De mo' }), 'apps[0].slug'],
    [inApp({ surprise: 1 }), 'apps[0].surprise'],
    [
      inApp({ allowed_origins: ['http://127.0.0.1:1', 'https://a.example/path'] }),
      'apps[0].allowed_origins[1]',
    ],
    [inApp({ allowed_origins: ['http://a.example'] }), 'apps[0].allowed_origins[0]'],
    [inApp({ return_urls: ['javascript:alert(1)'] }), 'apps[0].return_urls[0]'],
    [inApp({ connect_session_ttl_seconds: 0 }), 'apps[0].connect_session_ttl_seconds'],
    [inApp({ connect_session_ttl_seconds: 86_401 }), 'apps[0].connect_session_ttl_seconds'],
    [inApp({ api_keys: [{ name: 'a', value: 'not a key' }] }), 'apps[0].api_keys[0].value'],
    [inApp({ api_keys: [{ name: 'a', scopes: ['everything'] }] }), 'apps[0].api_keys[0].scopes[0]'],
    [inApp({ api_keys: [{ name: 'a' }, { name: 'a' }] }), 'apps[0].api_keys[1].name'],
    [
      inApp({ providers: [acme, { ...acme, id: 'b', token_endpoint: 'nonsense' }] }),
      'apps[0].providers[1].token_endpoint',
    ],
    [inApp({ providers: [{ ...acme, tokn_endpoint: 'x' }] }), 'apps[0].providers[0]'],
    [inApp({ providers: [{ id: 'unheard-of' }] }), 'apps[0].providers[0]'],
    [inApp({ providers: [{ id: 'google', client_secret: 'x' }] }), 'apps[0].providers[0].client_id'],
    [inApp({ policies: [{ name: 'p', rule: { kind: 'moon_phase' } }] }), 'apps[0].policies[0].rule.kind'],
    [
      inApp({ policies: [{ name: 'p', rule: { kind: 'ip_allowlist', cidrs: ['10.0.0.0/8', 'x'] } }] }),
      'apps[0].policies[0].rule.cidrs[1]',
    ],
    [
      inApp({ identity_provider: { issuer: 'http://idp.example', audience: 'a' } }),
      'apps[0].identity_provider.issuer',
    ],
    [inApp({ allowed_networks: ['10.0.0.0/99'] }), 'apps[0].allowed_networks[0]'],
    [inApp({ branding: { primary_color: 'red' } }), 'apps[0].branding.primary_color'],
    [inApp({ webhooks: [{ ...webhook, url: 'http://hooks.example' }] }), 'apps[0].webhooks[0].url'],
    [inApp({ webhooks: [{ ...webhook, url: 'https://u:p@hooks.example' }] }), 'apps[0].webhooks[0].url'],
    [inApp({ webhooks: [{ ...webhook, events: ['grants'] }] }), 'apps[0].webhooks[0].events[0]'],
    [inApp({ webhooks: [{ ...webhook, events: ['webhook.given_up'] }] }), 'apps[0].webhooks[0].events[0]'],
    [inApp({ webhooks: [{ ...webhook, secret: 'whsec_c2hvcnQ=' }] }), 'apps[0].webhooks[0].secret'],
    [inApp({ webhooks: [webhook, webhook] }), 'apps[0].webhooks[1].name'],
    [inApp({ webhooks: [{ ...webhook, retries: 3 }] }), 'apps[0].webhooks[0].retries'],
  ])('a mistake is told with its path: %#', (content, path) => {
    const problems = listProblems(content);
    expect(problems.length).toBeGreaterThan(0);
    expect(problems.some((problem) => problem.startsWith(path))).toBe(true);
  });

  it.each(['require_sign_in', 'agents'])(
    'a key whose capability is not there yet is refused with its path: %s',
    (name) => {
      expect(listProblems(inApp({ [name]: [] }))).toEqual([
        `apps[0].${name}: is not supported by this version yet`,
      ]);
    },
  );

  it('no message holds the value of a secret', () => {
    const secret = 'super-secret-value';
    const problems = listProblems(
      inApp({
        api_keys: [{ name: 'a', value: secret }],
        providers: [{ ...acme, client_id: 'x', client_secret: [secret, secret, secret] }],
        identity_provider: { issuer: secret },
      }),
    );
    expect(problems.length).toBeGreaterThan(2);
    expect(problems.join('\n')).not.toContain(secret);
  });

  it('values come from variables and files, and secrets written literally are warned about', () => {
    const { file, warnings } = check(
      inApp({
        name: { env: 'NAME' },
        providers: [
          { ...acme, client_id: { env: 'ID' }, client_secret: { file: 'secret.txt' } },
          { ...acme, id: 'other', client_id: 'x', client_secret: 'literal' },
        ],
      }),
      { variables: { NAME: 'From outside', ID: 'client' } },
    );
    expect(file.apps[0]).toMatchObject({
      name: 'From outside',
      providers: [{ client_id: 'client', client_secret: 'from-file' }, {}],
    });
    expect(warnings.map((warning) => warning.path)).toEqual(['apps[0].providers[1].client_secret']);
  });

  it('a variable that is not set, or a file that is not there, is told with its place and name', () => {
    const content = inApp({
      name: { env: 'MISSING' },
      providers: [{ ...acme, client_id: 'x', client_secret: { file: 'gone' } }],
    });
    expect(listProblems(content)).toEqual([
      'apps[0].name: the environment variable MISSING is not set',
      'apps[0].providers[0].client_secret: the file gone cannot be read or is empty',
    ]);
  });

  it('providers on http are for development only', () => {
    const content = inApp({ providers: [{ ...acme, token_endpoint: 'http://127.0.0.1:4700/token' }] });
    expect(listProblems(content)).toEqual([]);
    expect(listProblems(content, { isDevelopment: false })).toEqual([
      'apps[0].providers[0].token_endpoint: must be https; http on loopback needs ALTER_VAULT_ENV=development',
    ]);
  });
});
