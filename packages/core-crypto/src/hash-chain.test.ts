import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type ChainHead,
  type ChainRecord,
  chainHash,
  chainHashHex,
  genesisHash,
  verifyChain,
} from './hash-chain.js';

const chainId = 'writer-1';

function buildChain(texts: string[]): { records: ChainRecord[]; head: ChainHead } {
  let hash = genesisHash(chainId);
  const records = texts.map((text, index) => {
    const recordBytes = Buffer.from(text);
    hash = chainHash(hash, recordBytes);
    return { sequence: index + 1, recordBytes, hash };
  });
  return { records, head: { sequence: records.length, hash } };
}

const texts = fc.array(fc.string(), { minLength: 2, maxLength: 12 });
const { records, head } = buildChain(['one', 'two', 'three', 'four']);

describe('hash chain', () => {
  it('A3: an untouched chain holds, from an array and from a stream', async () => {
    const holds = { ok: true, count: 4, head: head.hash };
    expect(await verifyChain({ chainId, records, expectedHead: head })).toEqual(holds);
    async function* stream() {
      yield* records;
    }
    expect(await verifyChain({ chainId, records: stream(), expectedHead: head })).toEqual(holds);
    expect(await verifyChain({ chainId, records: [] })).toEqual({
      ok: true,
      count: 0,
      head: genesisHash(chainId),
    });
  });

  it('A3: the hash is the same for text and bytes, short and long, as bytes and as digits', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.constantFrom(1, 3_000), (unit, times) => {
        const text = unit.repeat(times);
        const previous = genesisHash(chainId);
        const expected = createHash('sha256')
          .update(Buffer.concat([Buffer.from('alter-chain-record-v1\0'), previous, Buffer.from(text)]))
          .digest();
        expect(chainHash(previous, text)).toEqual(expected);
        expect(chainHash(previous, Buffer.from(text))).toEqual(expected);
        expect(chainHashHex(previous.toString('hex'), text)).toBe(expected.toString('hex'));
      }),
    );
    expect(() => chainHash(Buffer.alloc(31), 'x')).toThrow(RangeError);
    for (const wrong of ['', 'x'.repeat(64), '0'.repeat(62), '0'.repeat(66)]) {
      expect(() => chainHashHex(wrong, 'x')).toThrow(RangeError);
    }
  });

  it('A3: a changed record is found at its place', async () => {
    await fc.assert(
      fc.asyncProperty(texts, fc.nat(), async (list, pick) => {
        const chain = buildChain(list);
        const index = pick % list.length;
        const changed = chain.records.map((record, at) =>
          at === index
            ? { ...record, recordBytes: Buffer.concat([record.recordBytes, Buffer.from('x')]) }
            : record,
        );
        expect(await verifyChain({ chainId, records: changed, expectedHead: chain.head })).toEqual({
          ok: false,
          sequence: index + 1,
          reason: 'hash_mismatch',
        });
      }),
    );
  });

  it('A3: a removed record is found, in the middle as a gap and at the end as a truncation', async () => {
    const without = (sequence: number) => records.filter((record) => record.sequence !== sequence);
    expect(await verifyChain({ chainId, records: without(2), expectedHead: head })).toEqual({
      ok: false,
      sequence: 2,
      reason: 'sequence_gap',
    });
    expect(await verifyChain({ chainId, records: without(4), expectedHead: head })).toEqual({
      ok: false,
      sequence: 4,
      reason: 'truncated',
    });
  });

  it('A3: records that were renumbered to close a gap are found', async () => {
    const closed = records.filter(({ sequence }) => sequence !== 2);
    const renumbered = closed.map((record, index) => ({ ...record, sequence: index + 1 }));
    expect(await verifyChain({ chainId, records: renumbered })).toMatchObject({ ok: false, sequence: 2 });
  });

  it('A3: two records in another order are found', async () => {
    const [first, second, ...rest] = records as [ChainRecord, ChainRecord, ...ChainRecord[]];
    expect(await verifyChain({ chainId, records: [second, first, ...rest] })).toMatchObject({
      ok: false,
      sequence: 1,
    });
  });

  it('A3: a chain recomputed without the sealed head, or longer than it, is found', async () => {
    const forged = buildChain(['one', 'two', 'changed', 'four']);
    expect(await verifyChain({ chainId, records: forged.records, expectedHead: head })).toEqual({
      ok: false,
      sequence: 4,
      reason: 'head_mismatch',
    });
    const longer = buildChain(['one', 'two', 'three', 'four', 'five']);
    expect(await verifyChain({ chainId, records: longer.records, expectedHead: head })).toEqual({
      ok: false,
      sequence: 5,
      reason: 'extra_records',
    });
  });

  it('A3: the records of one chain do not pass as another', async () => {
    expect(await verifyChain({ chainId: 'writer-2', records })).toMatchObject({ ok: false, sequence: 1 });
  });

  it('A7: verification goes on after records that were retired', async () => {
    const after = { sequence: 2, hash: records[1]?.hash ?? Buffer.alloc(0) };
    expect(await verifyChain({ chainId, records: records.slice(2), after, expectedHead: head })).toEqual({
      ok: true,
      count: 2,
      head: head.hash,
    });
    const wrong = { sequence: 2, hash: genesisHash(chainId) };
    expect(await verifyChain({ chainId, records: records.slice(2), after: wrong })).toMatchObject({
      ok: false,
      sequence: 3,
    });
  });

  it('refuses a previous hash of another length, which would make the input ambiguous', () => {
    expect(() => chainHash(Buffer.alloc(31), Buffer.alloc(1))).toThrow(RangeError);
  });
});
