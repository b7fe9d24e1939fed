import type { OpenerPolicy } from '../control/world.js';
import type { EmulatedUser } from '../users.js';
import { escapeHtml, renderPage } from './page.js';

/** What both pages show: who asks, at which provider, where the form goes. */
export type SignInView = {
  providerName: string;
  clientName: string;
  action: string;
  coop: OpenerPolicy | undefined;
};

/** The page that asks who is there: one button for each user, and a way out. Fields: `user` or `cancel`. */
export function renderLoginPage(view: SignInView, users: readonly EmulatedUser[]): Response {
  const buttons = users.map(
    (user) =>
      `<button class="primary" name="user" value="${escapeHtml(user.id)}">Continue as ${escapeHtml(user.email)}</button>`,
  );
  return renderPage(
    view.providerName,
    {
      html: `<p>Choose an account to continue to <strong>${escapeHtml(view.clientName)}</strong>.</p>
<form method="post" action="${escapeHtml(view.action)}">${buttons.join('')}<button name="cancel" value="yes">Cancel</button></form>`,
    },
    view,
  );
}

/** The page that asks for consent. Fields: `decision` (`allow` or `deny`) and one `scope` for each ticked box. */
export function renderConsentPage(view: SignInView, user: EmulatedUser, scopes: readonly string[]): Response {
  const boxes = scopes.map(
    (scope) =>
      `<label><input type="checkbox" name="scope" value="${escapeHtml(scope)}" checked> ${escapeHtml(scope)}</label>`,
  );
  const asked =
    boxes.length === 0 ? '' : `<fieldset><legend>What it may do</legend>${boxes.join('')}</fieldset>`;
  return renderPage(
    view.providerName,
    {
      html: `<p><strong>${escapeHtml(view.clientName)}</strong> asks for access to the account <strong>${escapeHtml(user.email)}</strong>.</p>
<form method="post" action="${escapeHtml(view.action)}">${asked}<button class="primary" name="decision" value="allow">Allow</button><button name="decision" value="deny">Deny</button></form>`,
    },
    view,
  );
}

/** A page that says why the authorization cannot go on, and what to do. */
export function renderProblemPage(
  providerName: string,
  problem: string,
  advice: string,
  coop: OpenerPolicy | undefined,
  status = 400,
): Response {
  return renderPage(
    providerName,
    { html: `<p><strong>${escapeHtml(problem)}</strong></p><p>${escapeHtml(advice)}</p>` },
    { coop, status },
  );
}
