import { html } from 'hono/html';

/** A page without script for what has no session to return to: it says what happened and what to do (C6). */
export function renderPlainPage(title: string, text: string) {
  return html`<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <meta name="color-scheme" content="light dark" />
    <title>${title}</title>
    <link rel="stylesheet" href="/sdk/oauth/connect/plain.css" />
  </head>
  <body>
    <div>
      <header>Alter Vault</header>
      <main>
        <h1>${title}</h1>
        <p>${text}</p>
      </main>
    </div>
  </body>
</html>`;
}

/** Style of the plain page; its own file, because the policy allows no inline style. */
export const plainPageStyle = `:root{color-scheme:light dark;--canvas:#f5f6f8;--surface:#fff;--line:#e2e5ea;--ink:#14171c;--soft:#59606e}
@media (prefers-color-scheme:dark){:root{--canvas:#0d0f13;--surface:#15181e;--line:#2a2f39;--ink:#eceef2;--soft:#a4abb9}}
*{box-sizing:border-box}
body{margin:0;min-height:100vh;background:var(--surface);color:var(--ink);font:1rem/1.5 ui-sans-serif,system-ui,sans-serif}
header{padding:1.25rem;border-bottom:1px solid var(--line);color:var(--soft);font-weight:600;line-height:1.5rem}
main{padding:1.5rem 1.25rem 2rem}
h1{margin:0 0 .375rem;font-size:1.25rem;line-height:1.4;font-weight:600}
p{margin:0;color:var(--soft);overflow-wrap:anywhere}
@media (min-width:640px){body{background:var(--canvas);padding-top:7vh}
body>div{max-width:27rem;margin:0 auto;background:var(--surface);border:1px solid var(--line);border-radius:1rem}
header{padding:1.25rem 1.5rem}
main{padding:1.5rem 1.5rem 2rem}}
`;

/** What the callback says when it cannot go on. */
export const refusals = {
  unknown_state: {
    title: 'This link no longer works',
    text: 'The way back from the provider is not known here, or it has run out. Go back to the application and connect again.',
  },
  spent_state: {
    title: 'This link was used already',
    text: 'The way back from the provider works once. Go back to the application; if the account is not connected, connect it again.',
  },
  other_browser: {
    title: 'Started in another browser',
    text: 'Connecting was started in another browser than this one, so it cannot be finished here. Go back to the first one, or start again here.',
  },
  session_over: {
    title: 'This connection is finished or has run out',
    text: 'Nothing was changed. Go back to the application and connect again if the account is still missing.',
  },
} as const;
