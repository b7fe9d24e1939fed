import { headerNames } from '@alter-ai/core-contract';
import type { HeaderReader } from '../transport/vault-exchange.js';
import type { VaultClient } from './vault-client.js';

const uuidPattern = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const digitsPattern = /^\d{1,12}$/;
const retryAfterSecondsMax = 3600;

/** Learns from the headers of any answer of the vault: actor id, rate limit, deprecated key (wire/1 §4.2). */
export function learnFromAnswer(client: VaultClient, headers: HeaderReader, isPerCallCaller: boolean): void {
  if (!isPerCallCaller) learnActorId(client, headers.get(headerNames.actorId));
  const limit = readDigits(headers.get('x-ratelimit-limit'));
  const remaining = readDigits(headers.get('x-ratelimit-remaining'));
  const resetAtSeconds = readDigits(headers.get('x-ratelimit-reset'));
  if (limit !== undefined && remaining !== undefined && resetAtSeconds !== undefined) {
    client.lastRateLimit = { limit, remaining, resetAtSeconds };
  }
  if (headers.get(headerNames.keyDeprecated) === 'true' && !client.hasWarnedOfDeprecation) {
    client.hasWarnedOfDeprecation = true;
    client.settings.logger.warn('alter-sdk: the API key is deprecated and will stop working; replace it');
  }
}

/** `Retry-After` in seconds, digits only (wire/1 §4.2), at most an hour. */
export function readRetryAfterSeconds(headers: HeaderReader): number | undefined {
  const seconds = readDigits(headers.get('retry-after'));
  return seconds === undefined ? undefined : Math.min(seconds, retryAfterSecondsMax);
}

function learnActorId(client: VaultClient, value: string | null): void {
  if (value === null || !uuidPattern.test(value)) return;
  if (client.actorId === undefined) client.actorId = value;
  else if (client.actorId !== value) {
    client.settings.logger.warn('alter-sdk: the vault named another actor id than before; it is ignored');
  }
}

function readDigits(value: string | null): number | undefined {
  return value !== null && digitsPattern.test(value) ? Number(value) : undefined;
}
