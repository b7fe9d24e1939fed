/** What is wrong with an audit log; `description` names the record for people. */
export interface AuditFault {
  readonly chainId: string | null;
  /** The record at fault, or the first that is missing; null where the fault is not at one record. */
  readonly sequence: number | null;
  readonly reason:
    | 'sequence_gap'
    | 'hash_mismatch'
    | 'truncated'
    | 'extra_records'
    | 'head_mismatch'
    | 'head_unreadable'
    | 'column_mismatch'
    | 'chain_missing'
    | 'chain_unregistered'
    | 'register_unreadable'
    | 'register_missing'
    | 'line_unreadable';
  readonly description: string;
}

/** The result of a verification. `chains` and `records` count what was read, also when something is wrong. */
export interface AuditVerdict {
  readonly isIntact: boolean;
  readonly chains: number;
  readonly records: number;
  readonly faults: readonly AuditFault[];
}

const explanations: Readonly<Record<AuditFault['reason'], string>> = {
  sequence_gap: 'is missing',
  hash_mismatch: 'was changed, or stands in another place',
  truncated: 'is missing: the end of the chain was cut',
  extra_records: 'was added after the end of the chain',
  head_mismatch: 'is not the one that the sealed head names',
  head_unreadable: 'the sealed head of the chain was changed',
  column_mismatch: 'has columns that do not say what the record says',
  chain_missing: 'the chain was removed',
  chain_unregistered: 'the chain is not in the register of chains',
  register_unreadable: 'the register of chains was changed',
  register_missing: 'the register of chains was removed',
  line_unreadable: 'a line of the export is no audit record',
};

/** A fault with its description. */
export function describeFault(
  reason: AuditFault['reason'],
  chainId: string | null = null,
  sequence: number | null = null,
): AuditFault {
  const chain = chainId === null ? '' : `chain ${chainId}`;
  const record = sequence === null ? '' : `record ${sequence} of `;
  const where = `${record}${chain}`;
  return {
    chainId,
    sequence,
    reason,
    description: `${where}${where === '' ? '' : ': '}${explanations[reason]}`,
  };
}
