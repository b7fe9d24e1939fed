import type { ProviderDefinition } from '../definition/definition-schema.js';
import { readFirstText, readPointer, toText } from '../location/json-pointer.js';
import { expandUrlParams, type UrlParams } from '../location/url-params.js';

/** Who was connected: (issuer, subject) is the account, the rest is for people. */
export type AccountIdentity = {
  issuer: string;
  subject: string;
  /** Email, login or name: what the person knows the account by. Never empty. */
  identifier: string;
  displayName?: string;
  email?: string;
};

/** Reads the account from where the definition says it stands; undefined when there is no id. Claims must be verified. */
export function parseAccount(input: {
  definition: ProviderDefinition;
  params?: UrlParams | undefined;
  userinfo?: unknown;
  tokenResponse?: unknown;
  idTokenClaims?: unknown;
}): AccountIdentity | undefined {
  const { account } = input.definition;
  const document = {
    userinfo: input.userinfo,
    token_response: input.tokenResponse,
    id_token: input.idTokenClaims,
  }[account.source];
  const parts = account.id.map((pointer) => toText(readPointer(document, pointer)));
  if (!parts.every((part) => part !== undefined)) return undefined;
  const subject = parts.join(':');
  if (subject.length > 500) return undefined;
  const displayName = shorten(readFirstText(document, account.display_name));
  const email = shorten(readFirstText(document, account.email));
  return {
    issuer: readIssuer(input.definition, input.params ?? {}),
    subject,
    identifier: shorten(readFirstText(document, account.identifier)) ?? displayName ?? subject,
    ...(displayName === undefined ? {} : { displayName }),
    ...(email === undefined ? {} : { email }),
  };
}

function readIssuer(definition: ProviderDefinition, params: UrlParams): string {
  const stated = definition.account.issuer ?? definition.issuer;
  if (stated !== undefined) return expandUrlParams(definition, stated, params);
  return new URL(expandUrlParams(definition, definition.authorization_endpoint, params)).origin;
}

function shorten(text: string | undefined): string | undefined {
  return text?.slice(0, 500);
}
