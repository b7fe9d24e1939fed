import type { GrantInfo } from '@alter-ai/alter-sdk';
import { html } from 'hono/html';
import type { DemoProvider } from '../providers.js';
import type { Markup } from './layout.js';
import { renderTime } from './time.js';

const states: Record<GrantInfo['status'], { text: string; tone: string }> = {
  active: { text: 'connected', tone: 'good' },
  needs_reauth: { text: 'connect again', tone: 'warn' },
  expired: { text: 'expired', tone: 'warn' },
  revoked: { text: 'taken back', tone: 'bad' },
};

/** The providers, each with its connected accounts and the ways to connect one. */
export function renderAccounts(providers: readonly DemoProvider[], accounts: readonly GrantInfo[]): Markup {
  return html`<ul class="providers">
    ${providers.map((provider) =>
      renderProvider(
        provider,
        accounts.filter((account) => account.providerId === provider.id),
      ),
    )}
  </ul>`;
}

function renderProvider(provider: DemoProvider, accounts: readonly GrantInfo[]): Markup {
  const hasAccount = accounts.length > 0;
  return html`<li class="panel provider">
    <div class="provider-head">
      <span class="tile" aria-hidden="true">${provider.name.charAt(0)}</span>
      <div>
        <h3>${provider.name}</h3>
        <p class="soft small">${provider.hint}</p>
      </div>
    </div>
    ${hasAccount ? html`<ul class="accounts">${accounts.map(renderAccount)}</ul>` : ''}
    <div class="actions">
      <button
        class="button ${hasAccount ? '' : 'primary'}"
        type="button"
        id="connect-${provider.id}"
        data-connect="${provider.id}"
        data-another="${hasAccount ? 'yes' : 'no'}"
      >${hasAccount ? html`Connect another <span class="hidden">account at ${provider.name}</span>` : `Connect ${provider.name}`}</button>
      <form method="post" action="/connect/${provider.id}">
        ${hasAccount ? html`<input type="hidden" name="another" value="yes" />` : ''}
        <button class="button quiet" data-leaves>or by redirect<span class="hidden"> at ${provider.name}</span></button>
      </form>
    </div>
  </li>`;
}

function renderAccount(account: GrantInfo): Markup {
  const state = states[account.needsReconnect ? 'needs_reauth' : account.status];
  const name = account.accountIdentifier ?? account.accountDisplayName ?? account.grantId;
  return html`<li class="account">
    <div class="account-facts">
      <span class="account-name">${name}</span>
      <span class="small"
        ><span class="state ${state.tone}">${state.text}</span
        ><span class="soft">${account.lastUsedAt ? html`, used ${renderTime(account.lastUsedAt)}` : ''}</span></span
      >
    </div>
    ${state.tone === 'warn' ? renderReconnect(account, name) : ''}
    <form method="post" action="/revoke">
      <input type="hidden" name="grant_id" value="${account.grantId}" />
      <button class="button small danger" aria-label="Take back access to ${name}">Take back access</button>
    </form>
  </li>`;
}

/** Connecting the same account again makes the same grant work again. */
function renderReconnect({ grantId, providerId }: GrantInfo, name: string): Markup {
  return html`<button class="button small" type="button" id="reconnect-${grantId}" data-connect="${providerId}" aria-label="Connect ${name} again">Connect again</button>`;
}
