import { html } from 'hono/html';
import { type Markup, renderPage } from './layout.js';

/** The page of somebody who is not signed in. */
export function renderWelcomePage(): Markup {
  return renderPage(
    'Demo of Alter Vault',
    undefined,
    html`<section class="card narrow">
      <h1>This application sends messages. It never sees a token.</h1>
      <ol class="story">
        <li><strong>Connect</strong> an account once. Its tokens go to the vault.</li>
        <li><strong>Send</strong> a message. The vault checks its rules, writes the call down, and lends a fresh token for that one call.</li>
        <li><strong>Take access back</strong>, and see the next call refused.</li>
      </ol>
      <p><a class="button primary wide" href="/sign-in">Sign in as Alice or Bob</a></p>
      <p class="soft small">No password: the sign-in page, the providers and their accounts are emulated on this machine.</p>
    </section>`,
  );
}
