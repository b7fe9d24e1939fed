import { mintApiKey } from '@alter-ai/core-crypto';
import { type ConnectChoice, connectOverHttp } from '../connect-over-http.js';
import { type KeyWorld, startKeyWorld } from '../key-world.js';
import { describeAcme, type Stack, startStack } from '../stack.js';

/** A stack in which every error owed by the vault and its clients can be provoked for real. */
export interface Situations extends Stack {
  readonly keys: SituationKeys;
  /** A service that is called with managed secrets. */
  readonly keyWorld: KeyWorld;
  /** Connects an account of `choice.providerId` by HTTP and gives its grant id. */
  connect(choice?: Partial<ConnectChoice>): Promise<string>;
  /** How often the provider's token endpoint has been asked by this client. */
  countTokenCalls(clientId: string): number;
  /** How often the provider's API has been called with a token. */
  countApiCalls(): number;
  /** Records of the audit log about one grant. */
  readRecords(grantId: string): Record<string, unknown>[];
}

/** The API keys beside the app's own. */
export interface SituationKeys {
  /** May only make connect sessions. */
  readonly narrow: string;
  readonly expired: string;
  /** Well formed, known to no vault. */
  readonly unknown: string;
  /** Belongs to another app, whose connect sessions last four seconds. */
  readonly foreign: string;
}

/**
 * Entries at the strict server, each with a client of its own so that one situation does not reach the others: `closed`
 * is never open (time), `fenced` admits no address from here, `patient` takes a refused refresh for final only the second
 * time, `ended` has its grants ended by the provider, `broken` and `refused` get their client refused, `busy` misbehaves.
 */
const situationProviders = ['closed', 'fenced', 'patient', 'ended', 'broken', 'refused', 'busy'];

/** A day that is neither today nor next to it, whatever happens around midnight. */
function chooseClosedDay(): string {
  const days = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];
  return days[(new Date().getUTCDay() + 3) % 7] ?? 'mon';
}

/** Starts the stack. */
export async function startSituations(): Promise<Situations> {
  const keys: SituationKeys = {
    narrow: mintApiKey('app'),
    expired: mintApiKey('app'),
    unknown: mintApiKey('app'),
    foreign: mintApiKey('app'),
  };
  const keyWorld = await startKeyWorld();
  const stack = await startStack({
    env: keyWorld.env,
    provider: {
      clients: ['acme', ...situationProviders].map((id) => ({
        clientId: `${id}-client`,
        clientSecret: 'acme-secret',
        redirectUris: 'any-loopback',
      })),
    },
    keys: [
      { name: 'narrow', value: keys.narrow, scopes: ['connect:initiate'] },
      { name: 'expired', value: keys.expired, expires_at: '2020-01-01T00:00:00Z' },
    ],
    copies: [
      ...situationProviders.map((id) => ({
        id,
        name: `${id[0]?.toUpperCase()}${id.slice(1)}`,
        client_id: `${id}-client`,
        ...(id === 'patient' ? { refresh_reuse: 'window' } : {}),
      })),
      { id: 'unset', name: 'Unset', client_id: undefined, client_secret: undefined },
    ],
    app: {
      managed_secrets: keyWorld.entries,
      policies: [
        {
          name: 'closed days',
          target: { provider: 'closed' },
          rule: {
            kind: 'time_window',
            days: [chooseClosedDay()],
            from: '09:00',
            to: '17:00',
            time_zone: 'UTC',
          },
        },
        {
          name: 'office network',
          target: { provider: 'fenced' },
          rule: { kind: 'ip_allowlist', cidrs: ['203.0.113.0/24'] },
        },
      ],
    },
    otherApps: (issuer) => [
      {
        slug: 'other',
        name: 'Other application',
        connect_session_ttl_seconds: 4,
        api_keys: [{ name: 'backend', value: keys.foreign }],
        providers: [describeAcme(issuer)],
      },
    ],
  });
  const isOf = (clientId: string) => (event: { clientId?: string }) => event.clientId === clientId;
  return {
    ...stack,
    keys,
    keyWorld,
    async close() {
      await stack.close();
      await keyWorld.service.close();
    },
    connect: ({ providerId = 'acme', ...choice } = {}) =>
      connectOverHttp({ url: stack.vault.url, apiKey: stack.apiKey }, { providerId, ...choice }),
    countTokenCalls: (clientId) =>
      stack.provider
        .log()
        .filter(({ event, endpoint }) => event === 'presented' && endpoint === 'token')
        .filter(isOf(clientId)).length,
    countApiCalls: () => stack.provider.log().filter(({ endpoint }) => endpoint === 'api').length,
    readRecords(grantId) {
      const { status, stdout, stderr } = stack.vault.alter(
        'audit',
        'export',
        '--format',
        'jsonl',
        '--grant',
        grantId,
      );
      if (status !== 0) throw new Error(`the records could not be read: ${stderr}`);
      return stdout
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line) as Record<string, unknown>);
    },
  };
}
