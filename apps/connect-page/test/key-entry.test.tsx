import type { KeyEntry } from '@alter-ai/core-contract';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { grant, makeView, Page } from './page.js';

let page: Page;
beforeEach(() => {
  page = new Page();
});
afterEach(() => page.end());

const address = '/sdk/oauth/connect#session=ms_sess_secret.x';
const marked = 'MARK-typed-key-3c1d';
const existing = { grant_id: grant.grant_id, label: 'work', is_replaceable: true };

function makeEntry(change: Partial<KeyEntry> = {}) {
  return makeView({
    providers: [],
    key_entry: {
      slug: 'datadog',
      name: 'Datadog',
      fields: [{ name: 'value', label: 'API key', is_secret: true, is_required: true }],
      hosts: ['api.datadoghq.com', '*.datadoghq.eu'],
      documentation_url: 'https://docs.datadoghq.com/account_management/api-app-keys/',
      existing: null,
      is_repair: false,
      ...change,
    },
  });
}

const done = { ...makeEntry(), state: 'completed' as const, grants: [{ ...grant, provider: 'datadog' }] };
const sent = () => page.requests.filter(({ name }) => name === 'enter-key').map(({ body }) => body);

describe('entering a key', () => {
  it('S11: says who asks, where the key goes, and never shows what is typed', async () => {
    await page.show(address, makeEntry());
    expect(page.title()).toBe('Enter your Datadog key');
    expect(page.text()).toContain(
      'Northwind can make calls with it to api.datadoghq.com and hosts of datadoghq.eu, and to no other place.',
    );
    const [input] = document.querySelectorAll('input');
    const wanted = { type: 'password', autocomplete: 'new-password', spellcheck: 'false' };
    for (const [name, value] of Object.entries(wanted)) expect(input?.getAttribute(name)).toBe(value);
    const link = document.querySelector('a');
    expect([link?.target, link?.rel]).toEqual(['_blank', 'noreferrer']);
  });

  it('S11: sends it once, without the spaces of a copy, and keeps nothing of it', async () => {
    page.answers['enter-key'] = done;
    await page.show(address, makeEntry());
    await page.type('API key', `  ${marked} `);
    await page.press('Store key');
    expect(sent()).toEqual([{ handle: 'h1', fields: { value: marked } }]);
    expect(page.title()).toContain('stored');
    const places = [document.documentElement.outerHTML, location.href, JSON.stringify({ ...sessionStorage })];
    expect(places.join('\n')).not.toContain(marked);
  });

  it('asks again, with the focus in the field, where it is empty or holds a space', async () => {
    await page.show(address, makeEntry());
    await page.press('Store key');
    expect(page.text()).toContain('Enter the API key.');
    expect(document.activeElement).toBe(document.querySelector('input'));
    await page.type('API key', 'two words');
    expect(page.text()).toContain('A key has no spaces or line breaks');
    await page.press('Store key');
    expect(sent()).toEqual([]);
  });

  it('shows a refusal of the vault at its field', async () => {
    const details = { field: 'fields.value' };
    page.answers['enter-key'] = {
      status: 400,
      body: { error: 'invalid_request', message: 'no', details, ...details },
    };
    await page.show(address, makeEntry());
    await page.type('API key', marked);
    await page.press('Store key');
    expect(page.text()).toContain('This was not accepted. Check it and try again.');
    expect(document.documentElement.outerHTML).not.toContain(`>${marked}`);
  });

  it('takes a password with spaces as it is, and leaves out nothing that may be left out', async () => {
    page.answers['enter-key'] = done;
    await page.show(
      address,
      makeEntry({
        fields: [
          { name: 'username', label: 'User name', is_secret: false, is_required: true },
          { name: 'password', label: 'Password', is_secret: true, is_required: false },
        ],
      }),
    );
    await page.type('User name', 'ada');
    expect(page.title()).toBe('Enter your Datadog credentials');
    await page.type('Password', ' a b ');
    await page.press('Store credentials');
    expect(sent()).toEqual([{ handle: 'h1', fields: { username: 'ada', password: ' a b ' } }]);
  });

  it('cancels', async () => {
    page.answers.cancel = makeView({
      state: 'error',
      error: { code: 'x', message: 'Closed', reference: 'r' },
    });
    await page.show(address, makeEntry());
    await page.press('Cancel');
    expect(page.requests.at(-1)).toEqual({ name: 'cancel', body: { handle: 'h1' } });
  });
});

describe('a key that is stored already', () => {
  it('S11: is offered first, and used with one press', async () => {
    page.answers['use-existing'] = done;
    await page.show(address, makeEntry({ existing }));
    expect(page.title()).toBe('Let Northwind use your Datadog key?');
    expect(page.text()).toContain('A key named “work” is stored for you already');
    expect(page.text()).toContain(
      'Northwind can make calls with it to api.datadoghq.com and hosts of datadoghq.eu, and to no other place',
    );
    await page.press('Continue with this key');
    expect(page.requests.at(-1)).toEqual({
      name: 'use-existing',
      body: { handle: 'h1', grant_id: grant.grant_id },
    });
  });

  it('is replaced by another one, and there is a way back', async () => {
    page.answers['enter-key'] = done;
    await page.show(address, makeEntry({ existing }));
    await page.press('Enter another key');
    await page.press('Back');
    await page.press('Enter another key');
    await page.type('API key', marked);
    await page.press('Replace key');
    expect(sent()).toEqual([{ handle: 'h1', fields: { value: marked } }]);
  });

  it('of an administrator cannot be replaced here', async () => {
    await page.show(address, makeEntry({ existing: { ...existing, is_replaceable: false } }));
    expect(page.buttons()).toEqual(['Continue with this key', 'Cancel']);
  });

  it('S11: a repair asks for the new key at once', async () => {
    await page.show(address, makeEntry({ existing, is_repair: true }));
    expect(page.title()).toBe('Replace your Datadog key');
    expect(page.buttons()).toEqual(['Replace key', 'Cancel']);
  });
});
