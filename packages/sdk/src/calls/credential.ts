import { forbiddenInjectionHeaders, sdkEndpoints, tokenResponseSchema } from '@alter-ai/core-contract';
import { SecretValue } from '@alter-ai/core-crypto';
import { BackendError } from '../errors/backend-error.js';
import { BlockedDestinationError } from '../errors/refusal-errors.js';
import { isHeaderValue } from './caller-headers.js';
import { isAllowedHost } from './host-rule.js';

// Only two fields are mandatory on the wire; our own server sends all (wire/1 §5.3).
const lenientResponse = tokenResponseSchema.partial().required({ access_token: true, grant_id: true });

/** `POST /sdk/token`, with the fields optional that other servers leave out. */
export const retrieveTokenEndpoint = { ...sdkEndpoints.retrieveToken, response: lenientResponse };

/** One place where something of the credential goes. */
interface Injection {
  readonly target: 'header' | 'query_param';
  readonly key: string;
  readonly value: SecretValue;
}

/** A released credential, ready for one call; nothing in it shows the token (K7). */
export interface Credential {
  readonly grantId: string;
  readonly providerId: string;
  readonly tokenGeneration: string | null;
  readonly hasScopeMismatch: boolean;
  readonly injections: readonly Injection[];
  readonly requiredHeaders: Readonly<Record<string, string>>;
  /** Every secret text in it, to be removed from what the provider echoes. */
  readonly secrets: readonly SecretValue[];
}

type TokenAnswer = ReturnType<typeof lenientResponse.parse>;

const headerNamePattern = /^[A-Za-z][A-Za-z0-9-]*$/;
const queryNamePattern = /^[A-Za-z][A-Za-z0-9_-]*$/;

/**
 * Turns the vault's answer into a credential for `url`, after the host rule (E5).
 * @throws {BlockedDestinationError} the credential may not go there.
 * @throws {BackendError} `malformed_answer`: it cannot be put into a request safely.
 */
export function readCredential(answer: TokenAnswer, url: URL): Credential {
  // An absent list means a server that does not tell; an empty one allows nothing.
  if (answer.allowed_hosts !== undefined && !isAllowedHost(url, answer.allowed_hosts)) {
    throw new BlockedDestinationError('the credential may not be sent to this destination', {
      details: { grant_id: answer.grant_id, host: url.host },
    });
  }
  const format = answer.injection_format ?? 'Bearer {token}';
  if (!format.includes('{token}')) throw describeUnusable('injection_format');
  const main: Injection = {
    target: 'header',
    key: answer.injection_header ?? 'Authorization',
    // A function, because `$` in a token would otherwise be read as a replacement pattern.
    value: SecretValue.of(format.replace('{token}', () => answer.access_token)),
  };
  const additional = (answer.additional_injections ?? []).flatMap((rule): Injection[] => {
    const value = findValue(answer, rule.value_source);
    return value === undefined ? [] : [{ target: rule.target, key: rule.key, value: SecretValue.of(value) }];
  });
  const injections = [main, ...additional];
  injections.forEach(checkInjection);
  const requiredHeaders = answer.required_headers ?? {};
  for (const [name, value] of Object.entries(requiredHeaders)) {
    if (!headerNamePattern.test(name) || isForbidden(name) || !isHeaderValue(value)) {
      throw describeUnusable('required_headers');
    }
  }
  const texts = [answer.access_token, ...Object.values(answer.additional_credentials ?? {})];
  return {
    grantId: answer.grant_id,
    providerId: answer.provider_id ?? '',
    tokenGeneration: answer.token_generation ?? null,
    hasScopeMismatch: answer.scope_mismatch ?? false,
    injections,
    requiredHeaders,
    secrets: texts.map((text) => SecretValue.of(text)),
  };
}

function findValue(answer: TokenAnswer, source: string): string | undefined {
  if (source === 'token') return answer.access_token;
  const prefix = 'additional_credentials.';
  if (!source.startsWith(prefix)) return undefined;
  const name = source.slice(prefix.length);
  const credentials = answer.additional_credentials ?? {};
  return Object.hasOwn(credentials, name) ? credentials[name] : undefined;
}

function checkInjection({ target, key, value }: Injection): void {
  const isHeader = target === 'header';
  const isSound = isHeader
    ? headerNamePattern.test(key) && !isForbidden(key) && isHeaderValue(value.reveal())
    : queryNamePattern.test(key);
  if (!isSound) throw describeUnusable(isHeader ? 'injection header' : 'injection query parameter');
}

function isForbidden(name: string): boolean {
  return forbiddenInjectionHeaders.has(name.toLowerCase());
}

function describeUnusable(place: string): BackendError {
  return new BackendError("the vault's answer cannot be put into a request", {
    code: 'malformed_answer',
    details: { place },
  });
}
