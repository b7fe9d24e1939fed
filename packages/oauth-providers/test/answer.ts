import { type ProviderTokens, parseTokenResponse, resolveProviderDefinition } from '../src/index.js';

export const nowMs = 1_800_000_000_000;
export const secret = 'ya29.SECRET-token-value-0123456789';

type Answer = { status?: number; headers?: Record<string, string>; body: unknown };
/** Reads a token endpoint's answer as the named provider's. */
export function parse(
  id: string,
  { status = 200, headers = { 'Content-Type': 'application/json' }, body }: Answer,
) {
  const bodyText = typeof body === 'string' ? body : JSON.stringify(body);
  return parseTokenResponse({
    definition: resolveProviderDefinition({ id }),
    status,
    headers,
    bodyText,
    nowMs,
  });
}
/** The tokens of an answer that must be a success. */
export function tokensOf(id: string, answer: Answer): ProviderTokens {
  const result = parse(id, answer);
  if (!result.ok) throw new Error(result.error);
  return result.tokens;
}
