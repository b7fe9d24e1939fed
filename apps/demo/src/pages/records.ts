import { html } from 'hono/html';
import type { AuditRecord } from '../vault/records.js';
import type { Markup } from './layout.js';
import { renderTime } from './time.js';

/** The records as a list, newest first; those of the last call stand out. */
export function renderRecords(records: readonly AuditRecord[], callId: string | undefined): Markup {
  if (records.length === 0) return html`<p class="soft" data-complete="no">Nothing about you yet.</p>`;
  const isComplete = callId === undefined || records.some((each) => each.callId === callId && each.isFinal);
  return html`<ol class="records" data-complete="${isComplete ? 'yes' : 'no'}">
    ${records.map((record) => renderRecord(record, callId !== undefined && record.callId === callId))}
  </ol>`;
}

function renderRecord(record: AuditRecord, isCurrent: boolean): Markup {
  // Of an earlier call only what was called: the rest is the same again and again.
  const lines = isCurrent ? record.lines : record.lines.slice(0, 1);
  return html`<li class="record ${isCurrent ? 'current' : ''}">
    <p class="record-title"><span class="dot ${record.tone}" aria-hidden="true"></span>${record.title}<span class="record-time soft small">${renderTime(record.at)}</span></p>
    ${lines.map((line) => html`<p class="soft small">${line}</p>`)}
  </li>`;
}
