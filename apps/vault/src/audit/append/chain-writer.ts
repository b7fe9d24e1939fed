import { chainHash, genesisHash } from '@alter-ai/core-crypto';
import { uuidv7 } from 'uuidv7';
import type { Keyring } from '../../keys/keyring.js';
import type { Storage } from '../../storage/database/storage.js';
import { insertAuditChain } from '../../storage/log/audit-chains.js';
import type { AuditMonth } from '../../storage/log/audit-tables.js';
import type { AuditBatch, AuditRow } from '../../storage/log/write/audit-batch.js';
import { createHeadSealer, type HeadSealer } from '../chain/chain-head.js';
import { extendRegister } from '../chain/chain-register.js';
import { completeRecordText, type RecordText } from './record-text.js';

/** One chain of this process, with the head that is durable. */
export interface ChainState {
  readonly id: string;
  readonly sequence: number;
  readonly hash: Buffer;
  readonly sealer: HeadSealer;
}

/** A record that waits for its place. */
export interface WaitingRecord {
  readonly id: string;
  readonly at: number;
  readonly text: RecordText;
}

/** Begins a chain: its row, and its entry in the sealed register of all chains, in one transaction (A3). */
export async function startChain(storage: Storage, keyring: Keyring, nowMs: number): Promise<ChainState> {
  const id = uuidv7();
  const sealer = createHeadSealer(keyring, id);
  const hash = genesisHash(id);
  const row = {
    id,
    sequence: 0,
    sealed_head: sealer.seal({ sequence: 0, hash }),
    started_at: nowMs,
    updated_at: nowMs,
  };
  await insertAuditChain(storage, row, (register) => extendRegister(keyring, register, id));
  return { id, sequence: 0, hash, sealer };
}

/** Links records to a chain: the batch to store, and the chain as it is once that is durable. */
export function linkRecords(
  chain: ChainState,
  records: readonly WaitingRecord[],
  month: AuditMonth,
  nowMs: number,
): { batch: AuditBatch; next: ChainState } {
  let { sequence, hash } = chain;
  const rows = records.map((waiting): AuditRow => {
    sequence += 1;
    const record = completeRecordText(waiting.text, chain.id, sequence);
    hash = chainHash(hash, record);
    const { appId, kind, grantId, providerId, userId, outcome } = waiting.text;
    const { id, at } = waiting;
    return { sequence, appId, id, at, kind, grantId, providerId, userId, outcome, record, hash };
  });
  const sealedHead = chain.sealer.seal({ sequence, hash });
  return {
    batch: { chainId: chain.id, month, rows, sequence, sealedHead, at: nowMs },
    next: { ...chain, sequence, hash },
  };
}
