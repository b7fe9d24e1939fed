import type { TokenResponse } from '@alter-ai/core-contract';
import {
  fillFormat,
  listPlaceholders,
  type SecretDefinition,
  type SecretPlacement,
} from '../definition/secret-definition.js';
import type { SecretFields } from '../definition/secret-fields.js';

/** The part of a token answer that says what the credential is and where it goes. */
export type RenderedSecret = Pick<
  TokenResponse,
  | 'access_token'
  | 'token_type'
  | 'injection_header'
  | 'injection_format'
  | 'is_header_needed'
  | 'additional_credentials'
  | 'additional_injections'
  | 'required_headers'
>;

/** Where clients put a credential that belongs in the query alone: a header that no service reads as a sign-in. */
const sparePlacement: SecretPlacement = { target: 'header', key: 'X-Api-Key', format: '{token}' };

/**
 * Renders a managed secret as the protocol carries it (wire/1 sections 5.3 and 5.4). Clients put in a main header with a
 * format, and further values as they are, so formats beyond the first are filled in here.
 */
export function renderSecret(definition: SecretDefinition, fields: SecretFields): RenderedSecret {
  const required = definition.required_headers;
  return {
    token_type: definition.kind,
    ...renderKind(definition, fields),
    ...(Object.keys(required).length > 0 ? { required_headers: { ...required } } : {}),
  };
}

function renderKind(
  definition: SecretDefinition,
  fields: SecretFields,
): Omit<RenderedSecret, 'token_type' | 'required_headers'> {
  const read = (name: string) => fields[name] ?? '';
  if (definition.kind === 'basic') {
    return {
      access_token: Buffer.from(`${read('username')}:${read('password')}`, 'utf8').toString('base64'),
      injection_header: 'Authorization',
      injection_format: 'Basic {token}',
    };
  }
  if (definition.kind === 'aws_sigv4') {
    const { region, service } = definition;
    return {
      access_token: read('access_key_id'),
      injection_header: 'Authorization',
      injection_format: 'AWS4-HMAC-SHA256',
      additional_credentials: {
        secret_key: read('secret_access_key'),
        ...(fields.session_token ? { session_token: fields.session_token } : {}),
        ...(region === null ? {} : { region }),
        ...(service === null ? {} : { service }),
      },
    };
  }
  return renderPlacements(definition.placements, fields);
}

function renderPlacements(
  placements: readonly SecretPlacement[],
  fields: SecretFields,
): Omit<RenderedSecret, 'token_type' | 'required_headers'> {
  const read = (name: string) => fields[name === 'token' ? 'value' : name] ?? '';
  const main = placements.find(
    ({ target, format }) => target === 'header' && listPlaceholders(format).join() === 'token',
  );
  const credentials: Record<string, string> = {};
  const injections = placements
    .filter((placement) => placement !== main)
    .map(({ target, key, format }, index) => {
      if (format === '{token}') return { target, key, value_source: 'token' };
      const [only] = listPlaceholders(format);
      const name = format === `{${only}}` && only !== undefined ? only : `injection_${index + 1}`;
      credentials[name] = fillFormat(format, read);
      return { target, key, value_source: `additional_credentials.${name}` };
    });
  const { key, format } = main ?? sparePlacement;
  return {
    access_token: read('token'),
    injection_header: key,
    injection_format: format,
    ...(main ? {} : { is_header_needed: false }),
    ...(Object.keys(credentials).length > 0 ? { additional_credentials: credentials } : {}),
    ...(injections.length > 0 ? { additional_injections: injections } : {}),
  };
}
