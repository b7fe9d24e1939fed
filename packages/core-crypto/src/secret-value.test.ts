import { format, inspect } from 'node:util';
import { expect, it } from 'vitest';
import { SecretValue } from './secret-value.js';

const secret = 'marked-secret-4711';
const value = SecretValue.of(secret);

it('K7: every way of printing a secret value gives [redacted]', () => {
  expect(String(value)).toBe('[redacted]');
  expect(`${value}`).toBe('[redacted]');
  expect(value.toLocaleString()).toBe('[redacted]');
  expect(JSON.stringify({ value })).toBe('{"value":"[redacted]"}');
  expect(inspect(value)).toBe('[redacted]');
  expect(inspect({ deep: [value] }, { showHidden: true, depth: 9 })).not.toContain(secret);
  expect(inspect(value, { customInspect: false, showHidden: true, depth: 9 })).not.toContain(secret);
  expect(format('%s %o %O %j', value, value, value, value)).not.toContain(secret);
  expect(new Error(`bad ${value}`).message).toBe('bad [redacted]');
});

it('K7: a secret value has no property that holds it', () => {
  expect(Reflect.ownKeys(value)).toEqual([]);
  expect(JSON.stringify({ ...value })).toBe('{}');
  expect(inspect(structuredClone(value), { showHidden: true })).not.toContain(secret);
});

it('reveals exactly what it was given', () => {
  expect(value.reveal()).toBe(secret);
});
