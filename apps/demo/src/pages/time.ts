import { html } from 'hono/html';
import type { Markup } from './layout.js';

/** A time of day with the exact time on hover; the browser's module turns it into the reader's own time. */
export function renderTime(iso: string): Markup {
  return html`<time datetime="${iso}" title="${iso}">${iso.slice(11, 19)} UTC</time>`;
}
