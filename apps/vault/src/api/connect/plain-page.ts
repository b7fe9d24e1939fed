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
    <main>
      <h1>${title}</h1>
      <p>${text}</p>
    </main>
  </body>
</html>`;
}

/** Style of the plain page; its own file, because the policy allows no inline style. */
export const plainPageStyle = `:root{color-scheme:light dark;font:16px/1.5 system-ui,sans-serif}
body{margin:0;min-height:100vh;display:grid;place-items:center;background:Canvas;color:CanvasText}
main{max-width:26rem;padding:2rem 1.5rem}
h1{font-size:1.25rem;line-height:1.3;margin:0 0 .75rem}
p{margin:0}
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
