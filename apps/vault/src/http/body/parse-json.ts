import { isUtf8 } from 'node:buffer';
import { ApiError } from '../api-error.js';

/** Nesting beyond this serves nobody and would exhaust the stack of whatever walks the value. */
const depthMax = 64;
const refusedNames = new Set(['__proto__', 'constructor', 'prototype']);
/** Top-level fields that carry other people's data: any JSON, any character. */
const foreignFields = new Set(['reason', 'body', 'request_body', 'response_body']);

/** What may stand for a number that a double does not write back as it was. */
const longNumber = /\d{16}|\d[.eE]/;

/** JSON with access to the source text (ECMAScript proposal, in Node since 21), which TypeScript's library does not know. */
const sourceJson = JSON as unknown as {
  parse(text: string, revive: (name: string, value: unknown, at: { source?: string }) => unknown): unknown;
  rawJSON(text: string): unknown;
};

const openBracket = 0x5b;
const openBrace = 0x7b;

/**
 * Parses a body as JSON, with what no endpoint accepts refused: bytes that are no UTF-8, deep nesting, names that reach
 * into prototypes, lone surrogates and NUL (which the database cannot hold). In `exactField` numbers keep the spelling they came in,
 * so that `JSON.stringify` writes the value as it was sent.
 * @throws ApiError `invalid_request`
 */
export function parseJsonBody(bytes: Buffer, exactField?: string): unknown {
  if (!isUtf8(bytes)) throw refuse('The body is not valid UTF-8.');
  let openings = 0;
  for (let index = 0; index < bytes.length; index += 1) {
    const byte = bytes[index];
    if (byte === openBracket || byte === openBrace) openings += 1;
  }
  const text = bytes.toString('utf8');
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw refuse('The body is not valid JSON.');
  }
  // Nearly every body is flat and without escapes: nothing to walk.
  if (openings > depthMax || isSuspicious(text)) checkValue(value);
  if (exactField !== undefined && longNumber.test(text)) keepNumbers(value, text, exactField);
  return value;
}

/** Replaces a top-level field by the same with numbers in their own spelling: what a double cannot hold would be changed. */
function keepNumbers(value: unknown, text: string, field: string): void {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, field)) return;
  const exact = sourceJson.parse(text, (_name, each, { source }) =>
    typeof each === 'number' && source !== undefined && source !== String(each)
      ? sourceJson.rawJSON(source)
      : each,
  );
  Object.assign(value, { [field]: (exact as Record<string, unknown>)[field] });
}

function isSuspicious(text: string): boolean {
  return text.includes('\\u') || text.includes('proto') || text.includes('constructor');
}

/** Walks without recursion: the value may be as deep as the body is long. */
function checkValue(root: unknown): void {
  const stack: { value: unknown; path: string; depth: number; isForeign: boolean }[] = [
    { value: root, path: '', depth: 0, isForeign: false },
  ];
  for (let item = stack.pop(); item; item = stack.pop()) {
    const { value, path, depth, isForeign } = item;
    if (typeof value === 'string') {
      if (!isForeign && value.includes('\0')) throw refuse('A string holds a NUL character.', path);
      if (!value.isWellFormed()) throw refuse('A string holds half of a surrogate pair.', path);
    }
    if (typeof value !== 'object' || value === null) continue;
    if (depth >= depthMax) throw refuse(`The body is nested more than ${depthMax} levels deep.`);
    for (const [name, child] of Object.entries(value)) {
      const childPath = path === '' ? name : `${path}.${name}`;
      if (!isForeign && refusedNames.has(name)) throw refuse('This field name is not allowed.', childPath);
      if (!name.isWellFormed()) throw refuse('A field name holds half of a surrogate pair.', path);
      if (!isForeign && name.includes('\0')) throw refuse('A field name holds a NUL character.', path);
      stack.push({
        value: child,
        path: childPath,
        depth: depth + 1,
        isForeign: isForeign || (depth === 0 && foreignFields.has(name)),
      });
    }
  }
}

function refuse(message: string, field?: string): ApiError {
  return new ApiError('invalid_request', {
    message,
    ...(field ? { fields: { field: field.slice(0, 200) } } : {}),
  });
}
