import { type ChainHead, OpenError, open, seal } from '@alter-ai/core-crypto';
import type { Keyring } from '../../keys/keyring.js';

const keyId = 'audit-head';

/** Seals the head of one chain, so that nobody without the key can cut its end unnoticed (A3). */
export interface HeadSealer {
  seal(head: ChainHead): Buffer;
  /** Throws OpenError. */
  open(sealed: Uint8Array): ChainHead;
  /** How many heads were sealed: a chain ends long before its key has been used too often (K3). */
  countSeals(): number;
}

/** A sealer with a key of the chain's own. */
export function createHeadSealer(keyring: Keyring, chainId: string): HeadSealer {
  const dataKey = { id: keyId, key: keyring.deriveKey(`${keyId}:${chainId}`) };
  const context = { table: 'audit_chains', rowId: chainId, appId: '', field: 'sealed_head' };
  let seals = 0;
  return {
    seal: (head) => {
      seals += 1;
      const plain = Buffer.alloc(40);
      plain.writeBigUInt64BE(BigInt(head.sequence));
      plain.set(head.hash, 8);
      return seal(dataKey, context, plain);
    },
    open: (sealed) => {
      const plain = open(dataKey, context, sealed);
      if (plain.length !== 40) throw new OpenError();
      return { sequence: Number(plain.readBigUInt64BE()), hash: plain.subarray(8) };
    },
    countSeals: () => seals,
  };
}
