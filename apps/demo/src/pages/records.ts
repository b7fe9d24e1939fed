import { html } from 'hono/html';
import type { AuditRecord } from '../vault/records.js';
import type { Markup } from './layout.js';
import { renderTime } from './time.js';

/** The records as a list, newest first; those of the last call stand out. */
export function renderRecords(records: readonly AuditRecord[], callId: string | undefined): Markup {
  if (records.length === 0) return html`<p class="soft">Nothing about you yet.</p>`;
  const isComplete = records.some((record) => record.callId === callId && record.isFinal);
  return html`<ol class="records" data-complete="${callId === undefined || isComplete ? 'yes' : 'no'}">
    ${records.map(
      (
        record,
      ) => html`<li class="record ${record.callId !== undefined && record.callId === callId ? 'current' : ''}">
        <p class="record-title"><span class="dot ${record.tone}" aria-hidden="true"></span>${record.title}<span class="record-time soft small">${renderTime(record.at)}</span></p>
        ${record.lines.map((line) => html`<p class="soft small">${line}</p>`)}
      </li>`,
    )}
  </ol>`;
}
