/** A mistake in the body of a control call; the message names the field. */
export class FieldError extends Error {}

type FieldKind = 'text' | 'number' | 'boolean' | 'object' | 'text_list' | 'any';
/** Fields of a body: the name on the wire (snake_case), the name in TypeScript, and what it holds. */
export type FieldTable = Record<string, [name: string, kind: FieldKind, isRequired?: 'required']>;

/** Reads a JSON object by a table: unknown fields, missing fields and wrong types throw FieldError. */
export function readFields(body: unknown, table: FieldTable): Record<string, unknown> {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    throw new FieldError('a JSON object is needed');
  }
  const result: Record<string, unknown> = {};
  for (const [wire, value] of Object.entries(body)) {
    const field = Object.hasOwn(table, wire) ? table[wire] : undefined;
    if (!field) throw new FieldError(`unknown field ${JSON.stringify(wire)}`);
    if (!isOfKind(value, field[1])) throw new FieldError(`${wire} must be of kind ${field[1]}`);
    result[field[0]] = value;
  }
  for (const [wire, [name, , required]] of Object.entries(table)) {
    if (required && result[name] === undefined) throw new FieldError(`${wire} is missing`);
  }
  return result;
}

/** The value when it is one of the allowed words; FieldError otherwise. */
export function readWord<Word extends string>(value: unknown, words: readonly Word[], field: string): Word {
  const word = words.find((candidate) => candidate === value);
  if (word === undefined) throw new FieldError(`${field} must be one of ${words.join(', ')}`);
  return word;
}

function isOfKind(value: unknown, kind: FieldKind): boolean {
  switch (kind) {
    case 'text':
      return typeof value === 'string';
    case 'number':
      return typeof value === 'number' && Number.isFinite(value);
    case 'boolean':
      return typeof value === 'boolean';
    case 'object':
      return typeof value === 'object' && value !== null && !Array.isArray(value);
    case 'text_list':
      return Array.isArray(value) && value.every((item) => typeof item === 'string');
    default:
      return true;
  }
}
