import type { Endpoint } from '@alter-ai/core-contract';
import { z } from 'zod';
import type { Json } from './samples.js';

/** One field of an endpoint's body with a value of a type that its schema does not take. */
export interface FieldFault {
  /** As the answer names it: `request.url`, `allowed_providers[0]`. */
  readonly field: string;
  readonly body: Json;
  readonly value: unknown;
}

/** A place in a body, and the JSON Schema that describes what stands there. */
interface Place {
  readonly path: readonly (string | number)[];
  readonly schema: Json;
}

const wrongValues: readonly unknown[] = [5, 'text', true, null, ['a', 1], { a: 1 }];

/** Every field of a schema, with what it may be; unions of objects count as all their fields. */
export function listPlaces(endpoint: Endpoint, sample: Json): Place[] {
  if (!endpoint.request) return [];
  const root = z.toJSONSchema(endpoint.request, { io: 'input', unrepresentable: 'any' }) as Json;
  const places: Place[] = [];
  walk(root, [], sample, places);
  return places;
}

function walk(schema: Json, path: readonly (string | number)[], value: unknown, places: Place[]): void {
  if (path.length > 0) places.push({ path, schema });
  for (const option of (schema.anyOf ?? schema.oneOf ?? schema.allOf ?? []) as Json[]) {
    if (fits(option, value)) walkInto(option, path, value, places);
  }
  walkInto(schema, path, value, places);
}

/** Of several shapes, those that the sample has. */
function fits(option: Json, value: unknown): boolean {
  const required = (option.required ?? []) as string[];
  return required.every((name) => typeof value === 'object' && value !== null && name in value);
}

function walkInto(schema: Json, path: readonly (string | number)[], value: unknown, places: Place[]): void {
  if (schema.type === 'object') {
    const known = (schema.properties ?? {}) as Record<string, Json>;
    for (const [name, child] of Object.entries(known)) {
      walk(child, [...path, name], (value as Json | undefined)?.[name], places);
    }
    const rest = schema.additionalProperties;
    if (rest && typeof rest === 'object') {
      const [name] = Object.keys((value ?? {}) as Json);
      if (name !== undefined) walk(rest as Json, [...path, name], (value as Json)[name], places);
    }
  }
  if (schema.type === 'array') {
    walk(schema.items as Json, [...path, 0], (value as unknown[] | undefined)?.[0], places);
  }
}

/** Bodies that are right but for one field each. */
export function listFieldFaults(endpoint: Endpoint, sample: Json): FieldFault[] {
  return listPlaces(endpoint, sample).flatMap(({ path, schema }) =>
    wrongValues
      .filter((value) => !isTaken(schema, value))
      .map((value) => ({ field: formatPath(path), body: replaceAt(sample, path, value), value })),
  );
}

function isTaken(schema: Json, value: unknown): boolean {
  const options = (schema.anyOf ?? schema.oneOf) as Json[] | undefined;
  if (options) return options.some((option) => isTaken(option, value));
  if (schema.enum) return (schema.enum as unknown[]).includes(value);
  if (schema.type === undefined) return true;
  const types = [schema.type].flat();
  return types.includes(typeOf(value)) || (types.includes('integer') && typeOf(value) === 'number');
}

function typeOf(value: unknown): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'array' : typeof value;
}

function replaceAt(sample: Json, path: readonly (string | number)[], value: unknown): Json {
  const body = structuredClone(sample);
  let place = body as Record<string | number, unknown>;
  for (const part of path.slice(0, -1)) place = place[part] as Record<string | number, unknown>;
  place[path.at(-1) ?? ''] = value;
  return body;
}

/** A path as the answer's `field` has it. */
export function formatPath(path: readonly (string | number)[]): string {
  return path
    .map((part, index) => (typeof part === 'number' ? `[${part}]` : `${index === 0 ? '' : '.'}${part}`))
    .join('');
}
