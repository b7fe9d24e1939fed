import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createInclusionPath, createMerkleTree, verifyInclusion } from './merkle-tree.js';

const hash = (...parts: Uint8Array[]) => createHash('sha256').update(Buffer.concat(parts)).digest();

/** The definition of RFC 9162 section 2.1.1, word for word. */
function defineRoot(entries: Buffer[]): Buffer {
  if (entries.length === 0) return hash();
  if (entries.length === 1) return hash(Buffer.of(0), entries[0] ?? Buffer.of());
  let split = 1;
  while (split * 2 < entries.length) split *= 2;
  return hash(Buffer.of(1), defineRoot(entries.slice(0, split)), defineRoot(entries.slice(split)));
}

function buildTree(entries: Buffer[]) {
  const tree = createMerkleTree();
  for (const entry of entries) tree.add(entry);
  return tree;
}

function buildPath(entries: Buffer[], index: number): Buffer[] {
  const path = createInclusionPath(index, entries.length);
  for (const entry of entries) path.add(entry);
  return path.finish();
}

const someEntries = fc.array(
  fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)),
  { minLength: 1, maxLength: 70 },
);

describe('Merkle tree', () => {
  it('gives the roots that the reference vectors of Certificate Transparency give', () => {
    const vectors = [
      '',
      '00',
      '10',
      '2021',
      '3031',
      '40414243',
      '5051525354555657',
      '606162636465666768696a6b6c6d6e6f',
    ];
    const entries = vectors.map((text) => Buffer.from(text, 'hex'));
    expect(createMerkleTree().root().toString('hex')).toBe(
      'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
    );
    expect(buildTree(entries.slice(0, 1)).root().toString('hex')).toBe(
      '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
    );
    expect(buildTree(entries).root().toString('hex')).toBe(
      '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
    );
  });

  it('A3: root, path and proof hold for every entry of every tree', () => {
    fc.assert(
      fc.property(someEntries, fc.nat(), (entries, pick) => {
        const index = pick % entries.length;
        const tree = buildTree(entries);
        const root = defineRoot(entries);
        expect([tree.size, tree.root()]).toEqual([entries.length, root]);
        const path = buildPath(entries, index);
        expect(path.length).toBeLessThanOrEqual(Math.ceil(Math.log2(entries.length)));
        const entry = entries[index] ?? Buffer.of();
        const proof = { entry, index, size: entries.length, path, root };
        expect(verifyInclusion(proof)).toBe(true);
        expect(verifyInclusion({ ...proof, entry: Buffer.concat([entry, Buffer.of(1)]) })).toBe(false);
        expect(verifyInclusion({ ...proof, root: hash(root) })).toBe(false);
        expect(verifyInclusion({ ...proof, path: [...path, root] })).toBe(false);
        expect(verifyInclusion({ ...proof, path: path.map((node) => node.subarray(1)) })).toBe(
          path.length === 0,
        );
        if (path.length > 0) {
          expect(verifyInclusion({ ...proof, path: path.slice(1) })).toBe(false);
          expect(verifyInclusion({ ...proof, path: path.with(0, hash(root)) })).toBe(false);
        }
      }),
    );
  });

  it('refuses places that are in no tree, and a path before all entries were given', () => {
    for (const [index, size] of [
      [0, 0],
      [1, 1],
      [-1, 3],
      [0.5, 3],
      [0, 2 ** 31],
    ] as const) {
      expect(() => createInclusionPath(index, size)).toThrow(RangeError);
      const nothing = Buffer.of();
      expect(verifyInclusion({ entry: nothing, index, size, path: [], root: nothing })).toBe(false);
    }
    expect(() => createInclusionPath(0, 2).finish()).toThrow(RangeError);
  });
});
