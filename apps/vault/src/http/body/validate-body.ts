import type { Endpoint } from '@alter-ai/core-contract';
import type { z } from 'zod';
import { ApiError } from '../api-error.js';

const fieldCharactersMax = 200;

/** Checks a parsed body against its endpoint; prepared once per endpoint. */
export type BodyValidator = (value: unknown) => unknown;

/**
 * Prepares the check of one endpoint's body.
 * The check throws ApiError `unknown_field` (422), `invalid_request` (400) or, for a grant policy, `invalid_grant_policy`
 * (422), each with the field's path; `not_supported_yet` (422) for a field that is set but whose capability is missing.
 */
export function prepareBodyValidator(endpoint: Endpoint): BodyValidator {
  const schema = endpoint.request;
  if (!schema) {
    return (value) => {
      if (value === undefined) return undefined;
      throw new ApiError('invalid_request', { message: 'This endpoint takes no body.' });
    };
  }
  const unsupported = endpoint.notSupportedYet.map((path) => path.split('.'));
  const hasGrantPolicy = endpoint.errors.includes('invalid_grant_policy');
  return (value) => {
    const result = schema.safeParse(value === undefined ? {} : value);
    if (!result.success) throw describeIssues(result.error.issues, hasGrantPolicy);
    for (const path of unsupported) {
      if (isSet(result.data, path)) {
        throw new ApiError('not_supported_yet', {
          message: `${path.join('.')} is not supported by this server yet.`,
          fields: { field: path.join('.') },
        });
      }
    }
    return result.data;
  };
}

function describeIssues(given: readonly z.core.$ZodIssue[], hasGrantPolicy: boolean): ApiError {
  const issues = resolveUnions(given);
  const unknown = issues.find((issue) => issue.code === 'unrecognized_keys');
  if (unknown && 'keys' in unknown) {
    const field = formatPath([...unknown.path, unknown.keys[0] ?? '']);
    return new ApiError('unknown_field', { message: `There is no field ${field}.`, fields: { field } });
  }
  const issue = issues[0];
  const field = formatPath(issue?.path ?? []);
  const message = `${field === '' ? 'The body' : field}: ${issue?.message ?? 'is not valid'}`;
  const code =
    hasGrantPolicy && issue?.path[0] === 'grant_policy' ? 'invalid_grant_policy' : 'invalid_request';
  return new ApiError(code, { message, fields: { field } });
}

/** Of the shapes that a body may have, the one that the given body comes closest to says what is wrong with it. */
function resolveUnions(issues: readonly z.core.$ZodIssue[]): readonly z.core.$ZodIssue[] {
  return issues.flatMap((issue) => {
    if (issue.code !== 'invalid_union') return [issue];
    const [closest] = [...issue.errors].sort((one, other) => one.length - other.length);
    if (!closest || closest.length === 0) return [issue];
    return resolveUnions(closest).map((inner) => ({ ...inner, path: [...issue.path, ...inner.path] }));
  });
}

function formatPath(path: readonly PropertyKey[]): string {
  let text = '';
  for (const part of path) {
    if (typeof part === 'number') text += `[${part}]`;
    else text += `${text === '' ? '' : '.'}${String(part)}`;
  }
  return text.slice(0, fieldCharactersMax);
}

function isSet(value: unknown, path: readonly string[]): boolean {
  let current: unknown = value;
  for (const name of path) {
    if (typeof current !== 'object' || current === null) return false;
    current = (current as Record<string, unknown>)[name];
  }
  return current !== undefined && current !== null && current !== false;
}
