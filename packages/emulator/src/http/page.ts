import { createHash } from 'node:crypto';
import type { OpenerPolicy } from '../control/world.js';

/** HTML that is already safe to put into a page. */
export type Markup = { html: string };

const STYLE = `
:root { color-scheme: light dark; --ink: #1b1f24; --paper: #f4f5f7; --card: #ffffff; --line: #6b7280; --accent: #1d4ed8; --on: #ffffff; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #eceff4; --paper: #14171b; --card: #1e2329; --line: #9aa4b2; --accent: #8ab4ff; --on: #0b1220; }
}
* { box-sizing: border-box; }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; padding: 1rem; background: var(--paper); color: var(--ink); font: 1rem/1.5 system-ui, sans-serif; }
main { width: 100%; max-width: 26rem; background: var(--card); padding: 1.5rem; border-radius: 0.75rem; overflow-wrap: anywhere; }
h1 { margin: 0 0 0.5rem; font-size: 1.5rem; line-height: 1.2; }
p { margin: 0 0 1rem; }
fieldset { margin: 0 0 1rem; padding: 0.5rem 0.75rem; border: 1px solid var(--line); border-radius: 0.5rem; }
fieldset label { display: flex; gap: 0.5rem; align-items: center; min-height: 2rem; }
button { display: block; width: 100%; min-height: 2.75rem; margin: 0 0 0.75rem; padding: 0.5rem 1rem; border: 1px solid var(--line); border-radius: 0.5rem; background: transparent; color: inherit; font: inherit; cursor: pointer; text-align: center; }
button.primary { background: var(--accent); border-color: var(--accent); color: var(--on); }
button:focus-visible, input:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
`;

const STYLE_HASH = createHash('sha256').update(STYLE).digest('base64');

// No form-action limit to own pages: browsers hold it against every redirect that follows the form, and the last
// of those leads to the application, whose address only the application knows.
const CSP = `default-src 'none'; style-src 'sha256-${STYLE_HASH}'; form-action http: https:; base-uri 'none'; frame-ancestors 'none'`;

/** Text made safe for element content and quoted attributes. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`);
}

/** A whole page: `title` is also its level-one heading. */
export function renderPage(
  title: string,
  content: Markup,
  { coop, status = 200 }: { coop: OpenerPolicy | undefined; status?: number },
): Response {
  const heading = escapeHtml(title);
  const html = `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>${heading}</title><style>${STYLE}</style></head>
<body><main><h1>${heading}</h1>${content.html}</main></body>
</html>`;
  return new Response(html, { status, headers: makePageHeaders(coop) });
}

/** Headers of every page: no script, no frame, no cache, and the opener policy asked for. */
export function makePageHeaders(coop: OpenerPolicy | undefined): Record<string, string> {
  return {
    'content-type': 'text/html; charset=utf-8',
    'content-security-policy': CSP,
    'cache-control': 'no-store',
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
    ...(coop === undefined ? {} : { 'cross-origin-opener-policy': coop }),
  };
}
