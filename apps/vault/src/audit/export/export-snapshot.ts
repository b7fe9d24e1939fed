import type { Storage } from '../../storage/database/storage.js';
import { listAuditChains } from '../../storage/log/audit-chains.js';
import { type AuditFilter, exportAudit } from '../query-audit.js';

/** Servers' clocks may differ by this much: records that are there already may bear a later time than now. */
const clockDifferenceMs = 60_000;

/**
 * Every record that matches and was durable when the export began, oldest first, as lines of JSON. Records of several processes
 * become visible a little out of order: going by each chain's place at the beginning leaves no gap at the end, which would look
 * like a record that was removed.
 */
export async function* exportSnapshot(
  storage: Storage,
  filter: AuditFilter,
  options: { nowMs: number; signal: AbortSignal },
): AsyncGenerator<string, void, undefined> {
  const heads = new Map((await listAuditChains(storage)).map((chain) => [chain.id, chain.sequence]));
  const untilMs = Math.min(filter.untilMs ?? Number.POSITIVE_INFINITY, options.nowMs + clockDifferenceMs);
  for await (const line of exportAudit(storage, { ...filter, untilMs })) {
    if (options.signal.aborted) return;
    if (!isRecordLine(line)) {
      yield line;
      continue;
    }
    const place = readPlace(line);
    if (place.sequence <= (heads.get(place.chainId) ?? 0)) yield line;
  }
}

const recordEnd = /,"version":\d+,"hash":"[0-9a-f]{64}"\}$/;

/** Whether a line of an export is a record: the checkpoints between them are not. */
export function isRecordLine(line: string): boolean {
  return recordEnd.test(line);
}

const chainMark = '"chain_id":"';
const sequenceMark = ',"sequence":';

/**
 * The place of a record without parsing it. In its text the members stand in the order of their names: before `chain_id` and after
 * `sequence` there are only plain values, in which a quotation mark never stands without a backslash.
 */
function readPlace(line: string): { chainId: string; sequence: number } {
  const chain = line.indexOf(chainMark) + chainMark.length;
  const sequence = line.lastIndexOf(sequenceMark) + sequenceMark.length;
  return { chainId: line.slice(chain, chain + 36), sequence: Number.parseInt(line.slice(sequence), 10) };
}
