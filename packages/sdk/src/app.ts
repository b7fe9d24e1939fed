import { performRequest } from './calls/request.js';
import type { RequestOptions } from './calls/request-options.js';
import { type ConnectOptions, connectHeadless } from './connect/connect.js';
import type { ConnectResult } from './connect/connect-result.js';
import {
  type ConnectSession,
  createConnectSession,
  createConnectSessionForError,
  type RepairableError,
} from './connect/create-session.js';
import { type PollOptions, pollConnectSession } from './connect/poll-session.js';
import type { ConnectSessionOptions } from './connect/session-options.js';
import {
  type GrantFilter,
  type GrantInfo,
  type GrantPage,
  type ListGrantsOptions,
  listAllGrants,
  listGrants,
} from './grants/list-grants.js';
import { type MintedGrant, type MintGrantOptions, mintGrant } from './grants/mint-grant.js';
import { type RevokeGrantOptions, type RevokeGrantResult, revokeGrant } from './grants/revoke-grant.js';
import type { HttpMethod } from './http-method.js';
import { listProviders, type ProviderInfo } from './lookups/list-providers.js';
import { type KeyScopeCatalog, listScopes } from './lookups/list-scopes.js';
import { verifyUserToken } from './lookups/verify-user-token.js';
import { type AppOptions, readClientOptions } from './options/client-options.js';
import type { EitherSpelling } from './options/option-names.js';
import { proxyRequest } from './proxy/proxy-request.js';
import type { ProxyResult } from './proxy/proxy-result.js';
import { type ProxyStreamOptions, proxyStream } from './proxy/proxy-stream.js';
import { createKeySession, type KeySession, type KeySessionOptions } from './secrets/create-key-session.js';
import {
  type CreatedGrant,
  createSecretGrant,
  type SecretGrantOptions,
} from './secrets/create-secret-grant.js';
import { systemRuntime } from './transport/runtime.js';
import {
  closeVaultClient,
  createVaultClient,
  type RateLimit,
  type VaultClient,
} from './vault/vault-client.js';

/**
 * One application at one vault. Makes calls to providers with the credentials of its grants, which the calling code
 * never sees; connects accounts; lists and revokes grants. Every method throws the classes of this package's errors.
 */
export class App implements AsyncDisposable {
  readonly #client: VaultClient;

  /** @throws {AlterValueError} an option is wrong or missing; nothing is sent. */
  constructor(options: EitherSpelling<AppOptions> = {}) {
    this.#client = createVaultClient(readClientOptions(options), systemRuntime);
  }

  /** The vault's address, without a trailing slash. */
  get baseUrl(): string {
    return this.#client.settings.baseUrl;
  }

  /** This caller's id at the vault, once it has told it. */
  get actorId(): string | undefined {
    return this.#client.actorId;
  }

  /** The vault's limit as its last answer told it. */
  get lastRateLimit(): RateLimit | undefined {
    return this.#client.lastRateLimit;
  }

  /**
   * Calls a provider with the credential of a grant and gives its answer; redirects are given back, not followed.
   * The outcome is recorded at the vault in the background; `close()` waits for that.
   */
  request(
    method: HttpMethod | (string & {}),
    url: string,
    options: EitherSpelling<RequestOptions>,
  ): Promise<Response> {
    return performRequest(this.#client, method, url, options);
  }

  /**
   * Has the vault call a provider with the credential of a grant, which does not leave the vault, and gives the provider's answer,
   * an error of the provider's among them. Up to 4 MiB there and 10 MiB back; more by `proxyStream`.
   */
  proxyRequest(
    method: HttpMethod | (string & {}),
    url: string,
    options: EitherSpelling<RequestOptions>,
  ): Promise<ProxyResult> {
    return proxyRequest(this.#client, method, url, options);
  }

  /**
   * Like `proxyRequest`, for bodies of any size both ways: gives the provider's answer when its head is there; its body is read as
   * fast as you read it, and cancelling it ends the call at the provider. A body that breaks off throws `NetworkError`.
   */
  proxyStream(
    method: HttpMethod | (string & {}),
    url: string,
    options: ProxyStreamOptions,
  ): Promise<Response> {
    return proxyStream(this.#client, method, url, options);
  }

  /** Connects accounts from a terminal: opens the connect page in the browser and waits until the person is done. */
  connect(options?: EitherSpelling<ConnectOptions>): Promise<readonly ConnectResult[]> {
    return connectHeadless(this.#client, options);
  }

  /** Makes a connect session for the popup library (`sessionToken`) or a redirect (`connectUrl`). */
  createConnectSession(options?: EitherSpelling<ConnectSessionOptions>): Promise<ConnectSession> {
    return createConnectSession(this.#client, options);
  }

  /** Makes the connect session that repairs what an error complains of. */
  createConnectSessionForError(
    error: RepairableError,
    options?: EitherSpelling<ConnectSessionOptions>,
  ): Promise<ConnectSession> {
    return createConnectSessionForError(this.#client, error, options);
  }

  /** Waits until a connect session has ended and gives what was connected. */
  pollConnectSession(
    sessionToken: string,
    options?: EitherSpelling<PollOptions>,
  ): Promise<readonly ConnectResult[]> {
    return pollConnectSession(this.#client, sessionToken, options);
  }

  /** The subject of a user token that the app's identity provider issued; null for anything else, without throwing. */
  verifyUserToken(token: string): Promise<string | null> {
    return verifyUserToken(this.#client, token);
  }

  /** One page of the app's grants, or of one user's. */
  listGrants(options?: EitherSpelling<ListGrantsOptions>): Promise<GrantPage> {
    return listGrants(this.#client, options);
  }

  /** All grants over all pages, each once; grants may be revoked meanwhile. */
  listAllGrants(filter?: EitherSpelling<GrantFilter>): AsyncGenerator<GrantInfo, void, undefined> {
    return listAllGrants(this.#client, filter);
  }

  /** Takes a grant back at once, and at the provider where it can. */
  revokeGrant(grantId: string, options?: EitherSpelling<RevokeGrantOptions>): Promise<RevokeGrantResult> {
    return revokeGrant(this.#client, grantId, options);
  }

  /** Makes another grant on the credential of a grant, under a label of its own. */
  mintGrant(sourceGrantId: string, options: EitherSpelling<MintGrantOptions>): Promise<MintedGrant> {
    return mintGrant(this.#client, sourceGrantId, options);
  }

  /** Grants a managed secret, by its id, to the app, a user or a group. */
  createManagedSecretGrant(
    managedSecretId: string,
    options: EitherSpelling<SecretGrantOptions>,
  ): Promise<CreatedGrant> {
    return createSecretGrant(this.#client, managedSecretId, options);
  }

  /** Makes a session in which a user enters a key of their own on the hosted page. */
  createManagedSecretConnectSession(options: EitherSpelling<KeySessionOptions>): Promise<KeySession> {
    return createKeySession(this.#client, options);
  }

  /** The providers that the vault knows, the app's own among them. */
  listProviders(): Promise<readonly ProviderInfo[]> {
    return listProviders(this.#client);
  }

  /** The scopes that an API key can have. */
  listScopes(): Promise<KeyScopeCatalog> {
    return listScopes(this.#client);
  }

  /** Refuses further calls and waits for those under way and for their records. */
  close(): Promise<void> {
    return closeVaultClient(this.#client);
  }

  /** `await using app = new App(…)` closes it. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
