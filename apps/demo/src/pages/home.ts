import type { GrantInfo } from '@alter-ai/alter-sdk';
import { html } from 'hono/html';
import type { DemoProvider } from '../providers.js';
import type { DemoSession, Notice } from '../sign-in/sessions.js';
import type { Trouble } from '../trouble.js';
import { renderAccounts } from './accounts.js';
import { type BarUser, type Markup, renderPage } from './layout.js';
import { renderOutcome } from './outcome.js';

/** Everything that the page of a signed-in user shows. */
export interface HomeView {
  readonly user: BarUser;
  readonly session: DemoSession;
  readonly notice: Notice | undefined;
  readonly providers: readonly DemoProvider[];
  /** Undefined: the vault could not be asked; `problem` says why. */
  readonly accounts: readonly GrantInfo[] | undefined;
  readonly problem: string | undefined;
  readonly troubles: readonly Trouble[];
  readonly hasRecords: boolean;
  readonly vaultUrl: string;
}

/** The page of a signed-in user: connect, send, take back, make it go wrong. */
export function renderHomePage(view: HomeView): Markup {
  const content = html`
    <div class="intro">
      <h1>This application sends messages. It never sees a token.</h1>
      <p class="soft">Each call goes out with a token that the vault lends for that one call, after its rules have passed and the call is on record.</p>
    </div>
    ${view.problem ? html`<p class="notice bad" role="alert">${view.problem}</p>` : ''}
    <section class="card" aria-labelledby="connect-title">
      <h2 id="connect-title"><span class="step" aria-hidden="true">1</span>Connect an account</h2>
      ${renderNotice(view, 'accounts')}
      ${renderAccounts(view.providers, view.accounts ?? [])}
    </section>
    <section class="card" aria-labelledby="send-title">
      <h2 id="send-title"><span class="step" aria-hidden="true">2</span>Use it</h2>
      ${renderSendForm(view)}
      <div class="pair" id="outcome" tabindex="-1">
        ${renderOutcome(view.session.outcome, view.vaultUrl)}
        <section class="panel" aria-labelledby="records-title">
          <h3 id="records-title">What the vault recorded</h3>
          ${
            view.hasRecords
              ? html`<div id="records" data-src="/records" role="group" aria-labelledby="records-title" tabindex="0"><p class="soft">Loading the audit trail…</p></div>`
              : html`<p class="soft">Start the demo with <code>npm start</code> to see the audit trail here.</p>`
          }
        </section>
      </div>
    </section>
    <section class="card" aria-labelledby="trouble-title">
      <h2 id="trouble-title"><span class="step" aria-hidden="true">3</span>Make it go wrong</h2>
      ${renderNotice(view, 'trouble')}
      ${renderTroubles(view)}
    </section>`;
  return renderPage('Demo of Alter Vault', view.user, content);
}

function renderNotice({ notice }: HomeView, section: Notice['section']): Markup | '' {
  if (notice?.section !== section) return '';
  return html`<p class="notice ${notice.tone}" tabindex="-1" role="${notice.tone === 'bad' ? 'alert' : 'status'}">${notice.text}</p>`;
}

function renderSendForm({ providers, accounts, session, user }: HomeView): Markup {
  const last = session.outcome?.input;
  const options = providers.flatMap((provider) => {
    const own = (accounts ?? []).filter((account) => account.providerId === provider.id);
    const choices = [{ value: provider.id, label: provider.name }];
    if (own.length > 1) {
      for (const { accountIdentifier } of own) {
        if (!accountIdentifier) continue;
        choices.push({
          value: `${provider.id} ${accountIdentifier}`,
          label: `${provider.name}, ${accountIdentifier}`,
        });
      }
    }
    return choices;
  });
  const connected = providers.find((provider) => accounts?.some((each) => each.providerId === provider.id));
  const chosen = last
    ? [last.provider.id, last.account].filter(Boolean).join(' ')
    : (connected?.id ?? providers[0]?.id);
  return html`<form class="send" id="send" method="post" action="/send">
    <label class="field">With
      <select name="sender" id="sender">
        ${options.map(({ value, label }) => html`<option value="${value}" ${value === chosen ? 'selected' : ''}>${label}</option>`)}
      </select>
    </label>
    <label class="field grow">Message
      <input name="text" id="text" value="${last?.text ?? 'Hello through the vault'}" maxlength="200" required />
    </label>
    <label class="field grow">Reason, for the record
      <input name="reason" id="reason" value="${last?.reason ?? `${user.name.split(' ')[0]} pressed the button`}" maxlength="200" />
    </label>
    <button class="button primary" id="send-button">Send a message through the vault</button>
  </form>`;
}

function renderTroubles({ troubles, providers, session }: HomeView): Markup {
  const chosen = session.outcome?.input.provider.id ?? providers[0]?.id;
  return html`<form class="troubles" method="post" action="/trouble">
    <label class="field at">At
      <select name="provider" id="trouble-provider">
        ${providers.map(({ id, name }) => html`<option value="${id}" ${id === chosen ? 'selected' : ''}>${name}</option>`)}
      </select>
    </label>
    <ul class="trouble-list">
      ${troubles
        .filter((trouble) => trouble.isOffered?.() ?? true)
        .map(
          ({ id, label, explanation }) => html`<li>
          <button class="button" name="trouble" value="${id}" id="trouble-${id}">${label}</button>
          <p class="soft small">${explanation}</p>
        </li>`,
        )}
      <li>
        <button class="button" type="button" id="second" data-connect-at="trouble-provider" data-another="yes">Use two accounts</button>
        <p class="soft small">Connect another one: choose somebody else at the provider, then send without saying which account is meant.</p>
      </li>
    </ul>
  </form>`;
}
