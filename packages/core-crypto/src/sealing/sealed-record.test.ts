import { createSecretKey } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { OpenError } from './open-error.js';
import { open, openText, readKeyId, type SealContext, seal } from './sealed-record.js';

const dataKey = { id: 'dk-1', key: createSecretKey(Buffer.alloc(32, 7)) };
const context: SealContext = { table: 'credentials', rowId: 'r1', appId: 'a1', field: 'tokens' };
const anyContext = fc.record({
  table: fc.string(),
  rowId: fc.string(),
  appId: fc.string(),
  field: fc.string(),
});

function catchError(run: () => unknown): unknown {
  try {
    run();
  } catch (error) {
    return error;
  }
  return undefined;
}

describe('sealed records', () => {
  it('K1: what was sealed opens in its place', () => {
    fc.assert(
      fc.property(fc.uint8Array(), anyContext, (plaintext, place) => {
        expect(open(dataKey, place, seal(dataKey, place, plaintext))).toEqual(Buffer.from(plaintext));
      }),
    );
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(openText(dataKey, context, seal(dataKey, context, text))).toBe(text);
      }),
    );
  });

  it('K1: a sealed value moved to another table, row, app or field does not open', () => {
    const sealed = seal(dataKey, context, 'secret');
    for (const name of ['table', 'rowId', 'appId', 'field'] as const) {
      expect(() => open(dataKey, { ...context, [name]: 'other' }, sealed)).toThrow(OpenError);
    }
    fc.assert(
      fc.property(anyContext, anyContext, (from, to) => {
        fc.pre(JSON.stringify(from) !== JSON.stringify(to));
        expect(() => open(dataKey, to, seal(dataKey, from, 'secret'))).toThrow(OpenError);
      }),
    );
  });

  it('K1: shifting characters between neighbouring fields does not open', () => {
    const sealed = seal(dataKey, { table: 'ab', rowId: 'c', appId: 'd', field: 'e' }, 'secret');
    const moved = { table: 'a', rowId: 'bc', appId: 'd', field: 'e' };
    expect(() => open(dataKey, moved, sealed)).toThrow(OpenError);
  });

  it('K1: any flipped bit does not open', () => {
    const sealed = seal(dataKey, context, 'a secret value');
    for (let index = 0; index < sealed.length; index += 1) {
      for (let bit = 0; bit < 8; bit += 1) {
        const changed = Buffer.from(sealed);
        changed.writeUInt8(sealed.readUInt8(index) ^ (1 << bit), index);
        expect(() => open(dataKey, context, changed)).toThrow(OpenError);
      }
    }
  });

  it('K1: any cut or lengthened value does not open', () => {
    const sealed = seal(dataKey, context, 'a secret value');
    for (let length = 0; length < sealed.length; length += 1) {
      expect(() => open(dataKey, context, sealed.subarray(0, length))).toThrow(OpenError);
    }
    expect(() => open(dataKey, context, Buffer.concat([sealed, Buffer.alloc(1)]))).toThrow(OpenError);
  });

  it('K1: each sealing has a fresh nonce', () => {
    const nonces = new Set<string>();
    for (let count = 0; count < 1000; count += 1) {
      nonces.add(
        seal(dataKey, context, '')
          .subarray(2 + 4, 2 + 4 + 12)
          .toString('hex'),
      );
    }
    expect(nonces.size).toBe(1000);
  });

  it('K1: the header names the key, and another key or key id does not open', () => {
    const sealed = seal(dataKey, context, 'secret');
    expect(readKeyId(sealed)).toBe('dk-1');
    expect(sealed.includes('secret')).toBe(false);
    expect(() => open({ ...dataKey, id: 'dk-2' }, context, sealed)).toThrow(OpenError);
    const other = { id: 'dk-1', key: createSecretKey(Buffer.alloc(32, 8)) };
    expect(() => open(other, context, sealed)).toThrow(OpenError);
  });

  it('K1: a view into a larger buffer opens, and stays as it was', () => {
    const sealed = seal(dataKey, context, 'secret');
    const larger = new Uint8Array(sealed.length + 20).fill(9);
    larger.set(sealed, 10);
    const view = larger.subarray(10, 10 + sealed.length);
    expect(openText(dataKey, context, view)).toBe('secret');
    expect(Buffer.from(view).equals(sealed)).toBe(true);
  });

  it('K8: every failure is the same error, with no cause and no detail', () => {
    const sealed = seal(dataKey, context, 'secret');
    const wrongKey = { id: 'dk-1', key: createSecretKey(Buffer.alloc(32, 8)) };
    const shortKey = { id: 'dk-1', key: createSecretKey(Buffer.alloc(16, 8)) };
    const errors = [
      catchError(() => open(dataKey, { ...context, rowId: 'r2' }, sealed)),
      catchError(() => open(wrongKey, context, sealed)),
      catchError(() => open(shortKey, context, sealed)),
      catchError(() => open(dataKey, context, Buffer.alloc(0))),
      catchError(() => open(dataKey, context, Buffer.alloc(200, 255))),
      catchError(() => openText(wrongKey, context, sealed)),
      catchError(() => readKeyId(Buffer.from([1, 0, 1, 2, 3]))),
      catchError(() => readKeyId(Buffer.from('not sealed'))),
    ];
    for (const error of errors) {
      expect(error).toBeInstanceOf(OpenError);
      expect(error).toMatchObject({
        code: 'open_failed',
        name: 'OpenError',
        message: 'The sealed value could not be opened.',
      });
      expect((error as Error).cause).toBeUndefined();
    }
  });

  it('refuses a key id that does not fit the header', () => {
    expect(() => seal({ ...dataKey, id: '' }, context, 'x')).toThrow(RangeError);
    for (const id of ['x'.repeat(256), 'é', 'a b', 'a\n']) {
      expect(() => seal({ ...dataKey, id }, context, 'x')).toThrow(RangeError);
    }
    const longest = { ...dataKey, id: '~'.repeat(255) };
    expect(readKeyId(seal(longest, context, 'x'))).toBe(longest.id);
  });
});
