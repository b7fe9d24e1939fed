import { forbiddenInjectionHeaders, sdkEndpoints, tokenResponseSchema } from '@alter-ai/core-contract';
import {
  type InjectableCredential,
  InjectionError,
  isHeaderValue,
  listSecretTexts,
  readInjectableCredential,
  type SecretValue,
} from '@alter-ai/core-crypto';
import { BackendError } from '../errors/backend-error.js';
import { BlockedDestinationError } from '../errors/refusal-errors.js';
import { isAllowedHost } from './host-rule.js';

// Only two fields are mandatory on the wire; our own server sends all (wire/1 §5.3).
const lenientResponse = tokenResponseSchema.partial().required({ access_token: true, grant_id: true });

/** `POST /sdk/token`, with the fields optional that other servers leave out. */
export const retrieveTokenEndpoint = { ...sdkEndpoints.retrieveToken, response: lenientResponse };

/** A released credential, ready for one call; nothing in it shows the token (K7). */
export interface Credential {
  readonly grantId: string;
  readonly providerId: string;
  readonly tokenGeneration: string | null;
  readonly hasScopeMismatch: boolean;
  readonly injectable: InjectableCredential;
  readonly requiredHeaders: Readonly<Record<string, string>>;
  /** Every secret text in it, to be removed from what the provider echoes. */
  readonly secrets: readonly SecretValue[];
}

type TokenAnswer = ReturnType<typeof lenientResponse.parse>;

const headerNamePattern = /^[A-Za-z][A-Za-z0-9-]*$/;

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
  const requiredHeaders = answer.required_headers ?? {};
  for (const [name, value] of Object.entries(requiredHeaders)) {
    if (!headerNamePattern.test(name) || isForbidden(name) || !isHeaderValue(value)) {
      throw describeUnusable('required_headers');
    }
  }
  return {
    grantId: answer.grant_id,
    providerId: answer.provider_id ?? '',
    tokenGeneration: answer.token_generation ?? null,
    hasScopeMismatch: answer.scope_mismatch ?? false,
    injectable: readInjectable(answer),
    requiredHeaders,
    secrets: listSecretTexts(answer),
  };
}

/** The error for a credential that cannot be put into a request; others stay as they are. */
export function describeInjectionFailure(error: unknown): unknown {
  return error instanceof InjectionError ? describeUnusable(error.place) : error;
}

function readInjectable(answer: TokenAnswer): InjectableCredential {
  try {
    return readInjectableCredential(answer, forbiddenInjectionHeaders);
  } catch (error) {
    throw describeInjectionFailure(error);
  }
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
