import { sha256 } from '../digest.js';

const hashBytes = 32;
const nodeInput = Buffer.alloc(1 + 2 * hashBytes, 1);

/** A Merkle tree that grows at its end and keeps O(log n) hashes (RFC 9162 section 2.1.1). */
export interface MerkleTree {
  /** Adds the next entry. */
  add(entry: Uint8Array): void;
  /** How many entries were added. */
  readonly size: number;
  /** The tree's hash as it is now; of no entry the SHA-256 of nothing. */
  root(): Buffer;
}

/** Collects the inclusion path of one entry while all entries pass by (RFC 9162 section 2.1.3.1), in O(log n) memory. */
export interface InclusionPath {
  /** Takes the next entry, from the first one on. */
  add(entry: Uint8Array): void;
  /** The path once all entries were added; throws RangeError before. */
  finish(): Buffer[];
}

/** Starts an empty tree. */
export function createMerkleTree(): MerkleTree {
  // Roots of whole subtrees, the widest first; each is as wide as a set bit of `size`.
  const roots: Buffer[] = [];
  let size = 0;
  return {
    add: (entry) => {
      let node = hashLeaf(entry);
      for (let bits = size; (bits & 1) === 1; bits >>>= 1) {
        const left = roots.pop();
        if (left !== undefined) node = hashNode(left, node);
      }
      roots.push(node);
      size += 1;
    },
    get size() {
      return size;
    },
    root: () => {
      if (roots.length === 0) return sha256('');
      return roots.reduceRight((right, left) => hashNode(left, right));
    },
  };
}

/** Prepares the path of entry `index` in a tree of `size` entries; throws RangeError when there is no such entry. */
export function createInclusionPath(index: number, size: number): InclusionPath {
  if (!isPlace(index, size)) throw new RangeError('the tree has no such entry');
  const siblings = listSiblings(index, size).map((range) => ({ ...range, tree: createMerkleTree() }));
  let added = 0;
  return {
    add: (entry) => {
      for (const { from, until, tree } of siblings) {
        if (added < from || added >= until) continue;
        tree.add(entry);
        break;
      }
      added += 1;
    },
    finish: () => {
      if (added !== size) throw new RangeError('not all entries of the tree were given');
      return siblings.map(({ tree }) => tree.root());
    },
  };
}

/** Whether `path` proves that `entry` is number `index` of the `size` entries of a tree with this root (RFC 9162 section 2.1.3.2). */
export function verifyInclusion(proof: {
  entry: Uint8Array;
  index: number;
  size: number;
  path: readonly Uint8Array[];
  root: Uint8Array;
}): boolean {
  const { index, size, path } = proof;
  if (!isPlace(index, size)) return false;
  const siblings = listSiblings(index, size);
  if (siblings.length !== path.length) return false;
  let node = hashLeaf(proof.entry);
  for (const [level, sibling] of path.entries()) {
    if (sibling.byteLength !== hashBytes) return false;
    const isLeft = (siblings[level]?.from ?? 0) < index;
    node = isLeft ? hashNode(sibling, node) : hashNode(node, sibling);
  }
  return node.equals(proof.root);
}

/** The ranges of entries whose subtree hashes stand beside the way from an entry up to the root, the lowest first. */
function listSiblings(index: number, size: number): { from: number; until: number }[] {
  const ranges: { from: number; until: number }[] = [];
  let from = 0;
  let until = size;
  while (until - from > 1) {
    // The largest power of two below the number of entries.
    const middle = from + 2 ** (31 - Math.clz32(until - from - 1));
    if (index < middle) {
      ranges.push({ from: middle, until });
      until = middle;
    } else {
      ranges.push({ from, until: middle });
      from = middle;
    }
  }
  return ranges.reverse();
}

function isPlace(index: number, size: number): boolean {
  return Number.isInteger(index) && Number.isInteger(size) && index >= 0 && index < size && size < 2 ** 31;
}

function hashLeaf(entry: Uint8Array): Buffer {
  const input = Buffer.allocUnsafe(1 + entry.byteLength);
  input[0] = 0;
  input.set(entry, 1);
  return sha256(input);
}

function hashNode(left: Uint8Array, right: Uint8Array): Buffer {
  nodeInput.set(left, 1);
  nodeInput.set(right, 1 + hashBytes);
  return sha256(nodeInput);
}
