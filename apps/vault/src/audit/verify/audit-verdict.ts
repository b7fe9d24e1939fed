/** What is wrong with an audit log; `description` names the record or checkpoint for people. */
export interface AuditFault {
  readonly chainId: string | null;
  /** The record at fault, or the first that is missing; null where the fault is not at one record. */
  readonly sequence: number | null;
  /** Number of the checkpoint that is at fault or that shows the fault; null where none is concerned. */
  readonly checkpoint: number | null;
  readonly reason: FaultReason;
  readonly description: string;
}

/** The result of a verification. `chains` and `records` count what was read, also when something is wrong. */
export interface AuditVerdict {
  readonly isIntact: boolean;
  readonly chains: number;
  readonly records: number;
  /** How many checkpoints were read and found signed, and the newest of them. */
  readonly checkpoints: number;
  readonly newestCheckpoint: { readonly number: number; readonly at: string } | null;
  /** Records that no checkpoint covers yet. */
  readonly uncovered: number;
  /** Records up to the end of this month (`2026_01`) were dropped by retention; null where none were. */
  readonly retiredUntil: string | null;
  /** The first faults; there may be more. */
  readonly faults: readonly AuditFault[];
}

/** Faults that a verdict lists at most. */
export const faultsMax = 100;

const explanations = {
  sequence_gap: 'is missing',
  hash_mismatch: 'was changed, or stands in another place',
  truncated: 'is missing: the end of the chain was cut',
  beginning_missing: 'is missing: the beginning of the chain was cut',
  extra_records: 'was added after the end of the chain',
  repeated: 'is there more than once',
  reordered: 'stands behind records that are later in its chain',
  head_mismatch: 'is not the one that the sealed head names',
  head_unreadable: 'the sealed head of the chain was changed',
  column_mismatch: 'has columns that do not say what the record says',
  chain_missing: 'the chain was removed',
  chain_unregistered: 'the chain is not in the register of chains',
  register_unreadable: 'the register of chains was changed',
  register_missing: 'the register of chains was removed',
  line_unreadable: 'is no audit record',
  export_disordered: 'the lines of the export are in no order that could be followed',
  checkpoint_missing: 'was removed',
  checkpoint_changed: 'was changed',
  checkpoint_forged: 'was not signed by the key of this vault',
  checkpoint_mismatch:
    'is not the record that the checkpoint was signed over: history before it was rewritten',
  checkpoint_uncontinued: 'does not go on where the checkpoint before ended',
  checkpoint_extra: 'was added behind the newest one',
  checkpoint_head_missing: 'the sealed head of the checkpoints was removed',
  checkpoint_head_unreadable: 'the sealed head of the checkpoints was changed',
  signing_key_missing: 'the key that signs checkpoints was removed',
  signing_key_unreadable: 'the key that signs checkpoints was changed',
  signing_key_other: 'the given key is not the one that signs checkpoints here',
  checkpoint_overdue: 'has had no checkpoint for several intervals: checkpoints are not being made',
  checkpoint_index_changed: 'the index of its checkpoints was changed: receipts may not be found',
  checkpoint_foreign: 'the given checkpoint was not signed by the key of this vault, or was changed',
  rolled_back: 'is not there: the database is older than the given checkpoint, so it was rolled back',
  history_rewritten: 'is another one than the given checkpoint: history was rewritten',
} as const;

/** Why a log does not hold. */
export type FaultReason = keyof typeof explanations;

/** Where a fault is; what is left out is not concerned. */
export interface FaultPlace {
  readonly chainId?: string;
  readonly sequence?: number;
  readonly checkpoint?: number;
  /** Line of an export, from 1. */
  readonly line?: number;
}

/** A fault with its description. */
export function describeFault(reason: FaultReason, place: FaultPlace = {}): AuditFault {
  const { chainId, sequence, checkpoint, line } = place;
  const chain = chainId === undefined ? '' : `chain ${chainId}`;
  const record = sequence === undefined ? '' : `record ${sequence}`;
  const point = checkpoint === undefined ? '' : `checkpoint ${checkpoint}`;
  const subject = [record, chain].filter(Boolean).join(' of ');
  const where = [line === undefined ? '' : `line ${line}`, subject, point].filter(Boolean).join(', ');
  return {
    chainId: chainId ?? null,
    sequence: sequence ?? null,
    checkpoint: checkpoint ?? null,
    reason,
    description: `${where}${where === '' ? '' : ': '}${explanations[reason]}`,
  };
}

/** Collects faults, the first of them. */
export interface FaultList {
  readonly faults: readonly AuditFault[];
  add(reason: FaultReason, place?: FaultPlace): void;
}

/** An empty list. */
export function createFaultList(): FaultList {
  const faults: AuditFault[] = [];
  return {
    faults,
    add: (reason, place) => {
      if (faults.length < faultsMax) faults.push(describeFault(reason, place));
    },
  };
}
