import {
  type AlterSDKError,
  AmbiguousGrantError,
  PolicyViolationError,
  ProviderAPIError,
  TokenRefreshInProgressError,
} from '@alter-ai/alter-sdk';
import { html } from 'hono/html';
import { isRepairable } from '../vault/connect.js';
import type { CallOutcome } from '../vault/send-message.js';
import type { Markup } from './layout.js';

/** What came back from the last call: the provider's answer, or the error with all that it says. */
export function renderOutcome(outcome: CallOutcome | undefined, vaultUrl: string): Markup {
  if (outcome === undefined) {
    return html`<section class="panel" aria-labelledby="answer-title">
      <h3 id="answer-title">What the provider answered</h3>
      <p class="soft">Nothing yet.</p>
    </section>`;
  }
  if ('error' in outcome.result) return renderError(outcome, outcome.result.error, vaultUrl);
  const { status, body } = outcome.result;
  return html`<section class="panel" aria-labelledby="answer-title" data-call="${outcome.callId}">
    <h3 id="answer-title">What the provider answered</h3>
    <p><span class="state good">${status}</span> <span class="soft small">from ${outcome.input.provider.name}, after ${outcome.elapsedMs} ms in all</span></p>
    <pre tabindex="0" aria-label="Answer">${formatBody(body)}</pre>
  </section>`;
}

function renderError(outcome: CallOutcome, error: AlterSDKError, vaultUrl: string): Markup {
  const documentation = error.documentationUrl ?? `${vaultUrl}/docs/handling-errors`;
  const facts = listFacts(error);
  return html`<section class="panel" aria-labelledby="answer-title" data-call="${outcome.callId}">
    <h3 id="answer-title">What the application got</h3>
    <p class="error-name"><span class="state bad">${error.name}</span> <code>${error.code}</code></p>
    <p>${error.message}</p>
    <dl class="facts">${facts.map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>
    ${error instanceof ProviderAPIError && error.responseBody ? html`<pre tabindex="0" aria-label="The provider's answer">${formatBody(error.responseBody)}</pre>` : ''}
    ${renderRemedies(outcome, error)}
    <p class="small"><a href="${documentation}" target="_blank" rel="noopener">About ${error.documentationUrl ? html`<code>${error.code}</code>` : 'errors'}</a></p>
  </section>`;
}

function listFacts(error: AlterSDKError): [string, string][] {
  const facts: [string, string][] = [['retryable', error.retryable ? 'yes' : 'no']];
  if (error instanceof PolicyViolationError) {
    if (error.policyError) facts.push(['policyError', error.policyError]);
    if (error.retryAt) facts.push(['retryAt', error.retryAt]);
  }
  if (error instanceof AmbiguousGrantError) {
    facts.push(['accountIdentifiers', error.accountIdentifiers.join(', ')]);
  }
  if (error instanceof ProviderAPIError) facts.push(['statusCode', String(error.statusCode)]);
  if (error instanceof TokenRefreshInProgressError && error.retryAfterSeconds !== undefined) {
    facts.push(['retryAfterSeconds', String(error.retryAfterSeconds)]);
  }
  if (error.requestId) facts.push(['requestId', error.requestId]);
  return facts;
}

function renderRemedies({ input }: CallOutcome, error: AlterSDKError): Markup | '' {
  if (error instanceof AmbiguousGrantError) {
    return html`<form class="actions" method="post" action="/send">
      <input type="hidden" name="text" value="${input.text}" />
      <input type="hidden" name="reason" value="${input.reason}" />
      ${error.accountIdentifiers.map(
        (account) =>
          html`<button class="button" name="sender" value="${input.provider.id} ${account}">Send with ${account}</button>`,
      )}
    </form>`;
  }
  if (isRepairable(error)) {
    return html`<div class="actions">
      <button class="button" type="button" id="repair" data-connect="${input.provider.id}" data-repairs="yes">
        Connect ${input.provider.name} to go on
      </button>
    </div>`;
  }
  return '';
}

function formatBody(body: string): string {
  try {
    return JSON.stringify(JSON.parse(body), null, 2);
  } catch {
    return body;
  }
}
