import { EgressError } from '@alter-ai/egress';
import {
  buildTokenRequest,
  type ProviderFailure,
  type ProviderTokens,
  parseTokenResponse,
} from '@alter-ai/oauth-providers';
import type { VaultDeps } from '../../deps.js';
import type { RefreshTarget } from '../refresh-target.js';

/** What became of a refresh request. */
export type ProviderAnswer =
  | { readonly kind: 'tokens'; readonly tokens: ProviderTokens; readonly askedAtMs: number }
  /** The provider answered, so the refresh token counts as unspent (decisions.md "Unknown outcomes"). */
  | { readonly kind: 'failed'; readonly failure: ProviderFailure }
  /** Not a byte was written. */
  | { readonly kind: 'not_reached'; readonly reason: string }
  /** Written, and no answer: it may have been spent (R4). */
  | { readonly kind: 'unknown'; readonly reason: string };

/** What is presented, and what has to be done right before. */
export interface Presented {
  readonly refreshToken: string;
  readonly scopes: readonly string[];
  /** Runs once the connection stands; if it throws, not a byte is written. */
  readonly beforeFirstByte: () => Promise<void>;
}

/** R10. */
const answerTimeoutMs = 20_000;
/** Giving up on a strict provider costs the user a new connection, so its answer is awaited after the callers have gone. */
const strictAnswerTimeoutMs = 60_000;

/**
 * Presents the refresh token, with each live client secret in turn while the provider refuses the client (R7).
 * Runs outside any transaction; never retries a request that may have arrived.
 */
export async function askProvider(
  deps: Pick<VaultDeps, 'egress' | 'clock'>,
  target: RefreshTarget,
  presented: Presented,
): Promise<ProviderAnswer> {
  const { provider } = target;
  const secrets = await provider.clientSecrets();
  const attempts = secrets.length === 0 ? [undefined] : secrets;
  let answer: ProviderAnswer = { kind: 'not_reached', reason: 'no_client' };
  for (const secret of attempts) {
    answer = await askOnce(deps, target, presented, secret?.reveal());
    const isRefused = answer.kind === 'failed' && answer.failure.kind === 'invalid_client';
    if (!isRefused) return answer;
  }
  return answer;
}

async function askOnce(
  deps: Pick<VaultDeps, 'egress' | 'clock'>,
  { provider, parameters, settings }: RefreshTarget,
  presented: Presented,
  secret: string | undefined,
): Promise<ProviderAnswer> {
  const { definition } = provider;
  const askedAtMs = deps.clock();
  try {
    const request = buildTokenRequest({
      definition,
      client: { id: provider.clientId ?? '', secret },
      grant: { type: 'refresh_token', refreshToken: presented.refreshToken, scopes: presented.scopes },
      params: parameters,
    });
    const response = await deps.egress.fetch(request.url, {
      method: request.method,
      headers: request.headers,
      ...(request.body === undefined ? {} : { body: request.body }),
      allowedNetworks: settings.allowedNetworks,
      timeoutMs: definition.refresh_reuse === 'strict' ? strictAnswerTimeoutMs : answerTimeoutMs,
      isFreshConnection: true,
      beforeFirstByte: presented.beforeFirstByte,
    });
    const result = parseTokenResponse({
      definition,
      nowMs: askedAtMs,
      status: response.status,
      headers: response.headers,
      bodyText: response.text(),
    });
    return result.ok
      ? { kind: 'tokens', tokens: result.tokens, askedAtMs }
      : { kind: 'failed', failure: result };
  } catch (error) {
    if (error instanceof RangeError) return { kind: 'not_reached', reason: 'parameters_invalid' };
    if (!(error instanceof EgressError)) throw error;
    if (!error.requestWritten) return { kind: 'not_reached', reason: error.code };
    if (error.code === 'response_too_large') {
      return { kind: 'failed', failure: { ok: false, kind: 'transient', error: error.code } };
    }
    return { kind: 'unknown', reason: error.code };
  }
}
