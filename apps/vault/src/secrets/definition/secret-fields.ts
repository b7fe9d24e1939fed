import { isHeaderValue } from '@alter-ai/core-crypto';
import { findSecretTemplate } from '@alter-ai/oauth-providers';
import { listPlaceholders, type SecretDefinition } from './secret-definition.js';

/** Longest value; published clients take no longer one (wire/1 section 5.3). */
export const fieldCharactersMax = 8192;

/** One field of a managed secret's value, as a form or a file has it. */
export interface SecretField {
  readonly name: string;
  readonly label: string;
  /** False: it may be shown while it is typed, e.g. a user name. */
  readonly isSecret: boolean;
  readonly isRequired: boolean;
}

/** The fields of one credential, by name. */
export type SecretFields = Readonly<Record<string, string>>;

const field = (name: string, label: string, options: { isSecret?: boolean; isRequired?: boolean } = {}) => ({
  name,
  label,
  isSecret: options.isSecret ?? true,
  isRequired: options.isRequired ?? true,
});

/** Which fields a credential of this secret has. */
export function listSecretFields(
  definition: Pick<SecretDefinition, 'kind' | 'placements' | 'template'>,
): SecretField[] {
  const labels = (definition.template && findSecretTemplate(definition.template)?.fieldLabels) || {};
  return listPlainFields(definition).map((each) => ({ ...each, label: labels[each.name] ?? each.label }));
}

function listPlainFields({ kind, placements }: Pick<SecretDefinition, 'kind' | 'placements'>): SecretField[] {
  if (kind === 'basic') {
    return [
      field('username', 'User name', { isSecret: false }),
      field('password', 'Password', { isRequired: false }),
    ];
  }
  if (kind === 'aws_sigv4') {
    return [
      field('access_key_id', 'Access key ID', { isSecret: false }),
      field('secret_access_key', 'Secret access key'),
      field('session_token', 'Session token', { isRequired: false }),
    ];
  }
  const names = new Set(placements.flatMap(({ format }) => listPlaceholders(format)));
  names.delete('token');
  const main = field('value', kind === 'bearer' ? 'Token' : 'API key');
  return [main, ...[...names].map((name) => field(name, describeName(name)))];
}

/**
 * What is wrong with the fields of one credential; messages never hold a value.
 * @returns problems by field, empty when all is well
 */
export function checkSecretFields(
  definition: Pick<SecretDefinition, 'kind' | 'placements' | 'template'>,
  given: SecretFields,
): { field: string; message: string }[] {
  const known = listSecretFields(definition);
  const problems = Object.keys(given)
    .filter((name) => !known.some((each) => each.name === name))
    .map((name) => ({ field: name, message: `is no field of kind ${definition.kind}` }));
  for (const { name, isRequired } of known) {
    const value = Object.hasOwn(given, name) ? given[name] : undefined;
    if (value === undefined || value === '') {
      if (isRequired) problems.push({ field: name, message: `is needed for kind ${definition.kind}` });
    } else {
      const message = checkValue(definition.kind, name, value);
      if (message !== undefined) problems.push({ field: name, message });
    }
  }
  return problems;
}

function checkValue(kind: SecretDefinition['kind'], name: string, value: string): string | undefined {
  if (value.length > fieldCharactersMax) return `is longer than ${fieldCharactersMax} characters`;
  if (value.trim() !== value) return 'begins or ends with white space';
  // What is sent base64-encoded may be any text; everything else stands in a header as it is.
  // biome-ignore lint/suspicious/noControlCharactersInRegex: what no credential has.
  if (kind === 'basic' ? /[\u0000-\u001f\u007f]/.test(value) : !isHeaderValue(value)) {
    return 'has characters that no header can carry';
  }
  if (kind === 'basic' && name === 'username' && value.includes(':')) return 'has a colon (RFC 7617)';
  if (name === 'access_key_id' && !/^\w{4,128}$/.test(value)) return 'is not an access key ID';
  return undefined;
}

function describeName(name: string): string {
  const words = name.replaceAll('_', ' ');
  return `${words.charAt(0).toUpperCase()}${words.slice(1)}`;
}
