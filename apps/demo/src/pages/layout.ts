import type { Context } from 'hono';
import { html } from 'hono/html';
import type { HtmlEscapedString } from 'hono/utils/html';

/** A piece of a page; every value in it has been escaped. */
export type Markup = HtmlEscapedString | Promise<HtmlEscapedString>;

/** Who is signed in, for the bar at the top. */
export interface BarUser {
  readonly name: string;
  readonly email: string;
}

/** A whole page around `content`. */
export function renderPage(title: string, user: BarUser | undefined, content: Markup): Markup {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>${title}</title>
        <link rel="icon" href="/assets/icon.svg" type="image/svg+xml" />
        <link rel="stylesheet" href="/assets/demo.css" />
        <script type="module" src="/assets/demo.js"></script>
      </head>
      <body>
        <header class="bar">
          <a class="brand" href="/"><span class="brand-mark" aria-hidden="true">D</span>Demo</a>
          ${user ? renderUser(user) : ''}
        </header>
        <main id="page" tabindex="-1">${content}</main>
      </body>
    </html>`;
}

function renderUser(user: BarUser): Markup {
  return html`<form class="bar-user" method="post" action="/sign-out">
    <span class="bar-name" title="${user.email}">${user.name}</span>
    <button class="button quiet" data-leaves>Sign out</button>
  </form>`;
}

/** A page that says what went wrong and offers the way back. */
export function renderProblemPage(
  context: Context,
  status: 400 | 403 | 404 | 500 | 502,
  problem: string,
  advice: string,
): Response | Promise<Response> {
  const content = html`<section class="card narrow">
    <h1>${problem}</h1>
    <p class="soft">${advice}</p>
    <p><a class="button primary" href="/">Back to the demo</a></p>
  </section>`;
  return context.html(renderPage(problem, undefined, content), status);
}
