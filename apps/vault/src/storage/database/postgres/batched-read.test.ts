import { describe, expect, it } from 'vitest';
import { createBatchedRead } from './batched-read.js';

const waitATurn = () => new Promise((resolve) => setImmediate(resolve));

describe('reads of one turn in one statement', () => {
  it('asks once for what is asked for together, and answers each its own', async () => {
    const asked: (readonly string[])[] = [];
    const read = createBatchedRead<string, string>(async (keys) => {
      asked.push(keys);
      return keys.map((key) => (key === 'none' ? undefined : `row of ${key}`));
    });
    expect(await Promise.all([read('a'), read('none'), read('a')])).toEqual([
      'row of a',
      undefined,
      'row of a',
    ]);
    await read('b');
    expect(asked).toEqual([['a', 'none', 'a'], ['b']]);
  });

  it('F7: what is asked for while a statement is under way is read by another one', async () => {
    let stored = 'active';
    const answers: (() => void)[] = [];
    const read = createBatchedRead<string, string>((keys) => {
      const row = stored;
      return new Promise((resolve) => answers.push(() => resolve(keys.map(() => row))));
    });
    const before = read('a');
    await waitATurn();
    stored = 'revoked';
    const after = read('a');
    await waitATurn();
    for (const answer of answers) answer();
    expect([await before, await after]).toEqual(['active', 'revoked']);
  });

  it('fails all that waited for a statement that failed, and no others', async () => {
    let isDown = true;
    const read = createBatchedRead<string, string>(async (keys) => {
      if (isDown) throw new Error('down');
      return keys;
    });
    expect(await Promise.allSettled([read('a'), read('b')])).toMatchObject([
      { status: 'rejected' },
      { status: 'rejected' },
    ]);
    isDown = false;
    expect(await read('a')).toBe('a');
  });

  it('splits what is too much for one statement', async () => {
    const sizes: number[] = [];
    const read = createBatchedRead<number, number>(async (keys) => {
      sizes.push(keys.length);
      return keys;
    });
    const keys = Array.from({ length: 1_200 }, (_, index) => index);
    expect(await Promise.all(keys.map(read))).toEqual(keys);
    expect(sizes).toEqual([500, 500, 200]);
  });
});
