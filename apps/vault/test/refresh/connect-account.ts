import { computeCodeChallenge, createCodeVerifier } from '@alter-ai/core-crypto';
import { driveAuthorization, type OidcEmulator } from '@alter-ai/emulator';
import { parseTokenResponse } from '@alter-ai/oauth-providers';
import { uuidv7 } from 'uuidv7';
import type { VaultDeps } from '../../src/deps.js';
import { sealTokens, toStoredTokens } from '../../src/grants/stored-tokens.js';
import type { AppSettings, ProviderSettings } from '../../src/settings/settings-reader.js';
import { findGrantByAccount, upsertGrantWithCredential } from '../../src/storage/live/grants/grants.js';

/** Where the emulator sends its user back to; nobody listens there. */
export const callbackUrl = 'http://127.0.0.1:9/cb';

/** An account to connect; the client is `app` with the secret `secret-1`. */
export interface AccountInput {
  readonly emulator: OidcEmulator;
  readonly provider: ProviderSettings;
  readonly settings: AppSettings;
  readonly user: string;
  /** Absent: the grant is the app's own. */
  readonly userId?: string;
  readonly expiresAtMs?: number;
  readonly label?: string;
}

/** Connects an account by the emulator's real pages and token endpoint, and stores the grant. */
export async function connectAccount(deps: VaultDeps, input: AccountInput) {
  const { emulator, provider, settings, user } = input;
  const tokens = await obtainTokens(deps, input);
  const identity = {
    appId: settings.appId,
    principalType: input.userId === undefined ? 'system' : 'user',
    principalId: input.userId ?? 'system',
    providerConfigId: provider.configId,
    issuer: emulator.issuer,
    subject: user,
  } as const;
  const known = await findGrantByAccount(deps.storage, identity);
  const credentialId = known?.credential_id ?? uuidv7();
  const stored = toStoredTokens(tokens);
  const sealedTokens = await sealTokens(deps.keyring, { appId: settings.appId, credentialId }, stored);
  const { grantId, operation } = await deps.storage.transaction((trx) =>
    upsertGrantWithCredential(trx, {
      ...identity,
      providerId: provider.providerId,
      accountIdentifier: `${user}@example.test`,
      accountDisplayName: null,
      label: input.label ?? null,
      scopes: tokens.scopes ?? [],
      parameters: {},
      expiresAtMs: input.expiresAtMs ?? null,
      policy: null,
      credential: {
        id: credentialId,
        sealedTokens,
        metadata: {},
        accessExpiresAtMs: tokens.expiresAtMs ?? null,
        refreshExpiresAtMs: null,
        hasRefreshToken: stored.refresh_token !== undefined,
      },
      nowMs: deps.clock(),
    }),
  );
  return { grantId, credentialId, operation, tokens: stored };
}

async function obtainTokens(deps: VaultDeps, { emulator, provider, user }: AccountInput) {
  const verifier = createCodeVerifier();
  const url = new URL(`${emulator.url}/authorize`);
  url.search = new URLSearchParams({
    client_id: 'app',
    redirect_uri: callbackUrl,
    response_type: 'code',
    scope: 'openid email offline_access messages.read',
    state: 'state',
    code_challenge: computeCodeChallenge(verifier),
    code_challenge_method: 'S256',
  }).toString();
  const done = await driveAuthorization(url, { user, stopAt: callbackUrl });
  const response = await fetch(`${emulator.url}/token`, {
    method: 'POST',
    headers: { authorization: `Basic ${btoa('app:secret-1')}` },
    body: new URLSearchParams({
      grant_type: 'authorization_code',
      code: done.searchParams.get('code') ?? '',
      redirect_uri: callbackUrl,
      code_verifier: verifier,
    }),
  });
  const parsed = parseTokenResponse({
    definition: provider.definition,
    nowMs: deps.clock(),
    status: response.status,
    headers: response.headers,
    bodyText: await response.text(),
  });
  if (!parsed.ok) throw new Error(`the emulator gave no tokens: ${parsed.error}`);
  return parsed.tokens;
}
