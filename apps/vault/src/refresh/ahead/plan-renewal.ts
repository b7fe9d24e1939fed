import type { ProviderDefinition } from '@alter-ai/oauth-providers';

/** The longest time before a limit at which a credential is refreshed. */
const leadMaxMs = 7 * 86_400_000;
/** What lives shorter than this cannot be kept alive by a job that comes by once a minute. */
const lifetimeMinMs = 240_000;

/** Facts of a provider that renewals are planned with. */
export type RenewalDefinition = Pick<ProviderDefinition, 'refresh_token_idle_seconds'>;

/** What is known of one credential; times in ms since 1970. */
export interface RenewalInput {
  readonly hasRefreshToken: boolean;
  /** When its provider last gave a token for it: idle time counts from here. */
  readonly accessIssuedAtMs: number;
  readonly refreshExpiresAtMs: number | null;
}

/**
 * When a credential has to be refreshed although nobody uses it, so that neither its refresh token's end nor the provider's
 * idle limit passes (R1): a quarter of the time before, at most 7 days. Null: nothing of the kind is known.
 */
export function planRenewal(credential: RenewalInput, definition: RenewalDefinition): number | null {
  if (!credential.hasRefreshToken) return null;
  const { accessIssuedAtMs, refreshExpiresAtMs } = credential;
  const idleSeconds = definition.refresh_token_idle_seconds;
  const limits = [
    ...(refreshExpiresAtMs === null ? [] : [refreshExpiresAtMs]),
    ...(idleSeconds === undefined ? [] : [accessIssuedAtMs + idleSeconds * 1000]),
  ];
  const times = limits
    .map((limitMs) => ({ limitMs, lifetimeMs: limitMs - accessIssuedAtMs }))
    // A refresh that does not move the end leaves less and less: it is not repeated for ever.
    .filter(({ lifetimeMs }) => lifetimeMs >= lifetimeMinMs)
    .map(({ limitMs, lifetimeMs }) => limitMs - Math.min(lifetimeMs / 4, leadMaxMs));
  return times.length === 0 ? null : Math.round(Math.min(...times));
}

/** The facts as text: other facts mean that what was planned with the old ones is planned anew. */
export function describeRenewalFacts(definition: RenewalDefinition): string {
  return JSON.stringify({ idle_seconds: definition.refresh_token_idle_seconds ?? null });
}
