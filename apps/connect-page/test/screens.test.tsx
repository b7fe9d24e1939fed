import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { grant, makeProvider, makeView, Page } from './page.js';

let page: Page;
beforeEach(() => {
  page = new Page();
});
afterEach(() => page.end());

const entry = '/sdk/oauth/connect#session=alter_cs_secret.x';
const several = {
  is_single_provider: false,
  providers: [makeProvider('acme', 'Acme'), makeProvider('slack', 'Slack')],
};

describe('entering', () => {
  it('C2: takes the token out of the address before anything is asked, and keeps only the handle', async () => {
    await page.show(entry, 'silence');
    expect(location.href).not.toContain('alter_cs_');
    await page.end();
    page = new Page();
    await page.show(entry, makeView());
    expect(page.requests[0]).toEqual({ name: 'open', body: { session_token: 'alter_cs_secret.x' } });
    expect(location.search + location.hash).toBe('?handle=h1');
  });

  it('finds the session again by its handle', async () => {
    await page.show('/sdk/oauth/connect?handle=h1', makeView());
    expect(page.requests[0]?.body).toEqual({ handle: 'h1' });
    expect(page.title()).toBe('Let Northwind use your Acme account?');
  });

  it('C6: without token and handle says so and asks nothing', async () => {
    await page.show('/sdk/oauth/connect', makeView());
    expect(page.title()).toBe('This link does not work here');
    expect(page.requests).toEqual([]);
  });

  it('C6: ends the loading of a server that stays silent, and can try again', async () => {
    await page.show(entry, 'silence');
    await page.pass(6000);
    expect(page.text()).toContain('This takes longer than usual');
    await page.pass(10_000);
    expect(page.title()).toBe('This takes too long');
    page.answers.open = makeView();
    await page.press('Try again');
    expect(page.title()).toBe('Let Northwind use your Acme account?');
  });

  it('C6: says when there is no network after three tries', async () => {
    await page.show(entry, 'network down');
    await page.pass(3000);
    expect(page.requests).toHaveLength(3);
    expect(page.title()).toBe('No connection');
  });

  it('asks the vault when the session should be over, and believes its answer', async () => {
    await page.show(entry, makeView({ expires_at: new Date(Date.now() + 60_000).toISOString() }));
    page.answers.open = makeView({ state: 'expired', providers: [] });
    await page.pass(61_000);
    expect(page.title()).toBe('This link has expired');
  });
});

describe('going to the provider', () => {
  it('needs a control with the provider’s name, then Continue', async () => {
    page.answers.authorize = { authorization_url: 'https://acme.example/authorize' };
    await page.show(entry, makeView(several));
    expect(page.buttons()).toEqual(['Acme', 'Slack', 'Done', 'Cancel']);
    await page.press('Acme');
    await page.press('Continue');
    expect(page.requests.at(-1)).toEqual({ name: 'authorize', body: { handle: 'h1', provider_id: 'acme' } });
    expect(page.assigned).toEqual(['https://acme.example/authorize']);
    expect(page.text()).toContain('Opening Acme…');
  });

  it('sends a direct session on without a click, but not when it comes back', async () => {
    page.answers.authorize = { authorization_url: 'https://acme.example/authorize' };
    await page.show(entry, makeView({ is_direct: true }));
    expect(page.assigned).toHaveLength(1);
    await page.end();
    page = new Page();
    await page.show('/sdk/oauth/connect?handle=h1', makeView({ is_direct: true }));
    expect(page.assigned).toEqual([]);
    expect(page.buttons()).toContain('Continue');
  });

  it('never follows an address that is no web address', async () => {
    page.answers.authorize = { authorization_url: 'javascript:alert(1)' };
    await page.show(entry, makeView());
    await page.press('Continue');
    expect(page.assigned).toEqual([]);
    expect(page.text()).toContain('That did not work');
  });

  it('C6: gives the page back when the provider does not open', async () => {
    page.answers.authorize = { authorization_url: 'https://acme.example/authorize' };
    await page.show(entry, makeView());
    await page.press('Continue');
    await page.pass(21_000);
    expect(page.text()).toContain('Acme did not answer in time');
  });

  it('C7: holds back a parameter that does not fit, and sends one that does', async () => {
    const subdomain = {
      name: 'subdomain',
      label: 'Subdomain',
      pattern: '[a-z]+',
      example: 'acme',
      default: null,
      options: null,
    };
    page.answers.authorize = { authorization_url: 'https://acme.example/authorize' };
    await page.show(
      entry,
      makeView({ providers: [makeProvider('acme', 'Acme', { parameters: [subdomain] })] }),
    );
    await page.press('Continue');
    const input = document.querySelector<HTMLInputElement>('input[name=subdomain]');
    expect(input?.getAttribute('aria-invalid')).toBe('true');
    expect(document.activeElement).toBe(input);
    expect(page.requests).toHaveLength(1);
  });

  it('sends a shorter lifetime when the user chooses one', async () => {
    page.answers.authorize = { authorization_url: 'https://acme.example/authorize' };
    await page.show(entry, makeView({ lifetime: { max_seconds: 86_400, default_seconds: null } }));
    await page.press('Continue');
    expect(page.requests.at(-1)?.body.lifetime_seconds).toBe(86_400);
  });

  it('offers an account that is connected already, or another', async () => {
    const connected = [
      { grant_id: grant.grant_id, account_identifier: 'ada@example.com', account_display_name: null },
    ];
    const view = makeView({ providers: [makeProvider('acme', 'Acme', { connected })] });
    page.answers.authorize = { authorization_url: 'https://acme.example/authorize' };
    page.answers['use-existing'] = makeView({ state: 'completed', grants: [grant] });
    await page.show(entry, view);
    await page.press('Connect another account');
    expect(page.requests.at(-1)?.body.add_account).toBe(true);
    await page.end();
    page = new Page();
    page.answers['use-existing'] = makeView({ state: 'completed', grants: [grant] });
    await page.show(entry, view);
    await page.press('Use ada@example.com');
    expect(page.requests.at(-1)?.body).toEqual({ handle: 'h1', grant_id: grant.grant_id });
    expect(page.title()).toBe('Your account is connected');
  });
});

describe('several providers', () => {
  it('ends with Done, which waits for the first account', async () => {
    await page.show(entry, makeView(several));
    await page.press('Done');
    expect(page.requests).toHaveLength(1);
    await page.end();
    page = new Page();
    page.answers.finish = makeView({ state: 'completed', grants: [grant] });
    await page.show(entry, makeView({ ...several, grants: [grant] }));
    await page.press('Done');
    expect(page.requests.at(-1)).toEqual({ name: 'finish', body: { handle: 'h1' } });
    expect(page.title()).toBe('Your account is connected');
  });

  it('has a search from nine providers on', async () => {
    const names = ['A', 'B', 'C', 'D', 'E', 'F', 'G', 'H', 'I'].map((name) => makeProvider(name, name));
    await page.show(entry, makeView({ is_single_provider: false, providers: names }));
    expect(document.querySelector('input[type=search]')).not.toBeNull();
    await page.end();
    page = new Page();
    await page.show(entry, makeView({ is_single_provider: false, providers: names.slice(1) }));
    expect(document.querySelector('input[type=search]')).toBeNull();
  });
});

it('C5: another account is never taken over silently', async () => {
  const mismatch = { provider_id: 'acme', expected: 'ada@example.com', actual: 'bob@example.com' };
  await page.show('/sdk/oauth/connect?handle=h1', makeView({ state: 'mismatch', mismatch }));
  expect(page.text()).toContain('ada@example.com');
  expect(page.text()).toContain('bob@example.com');
  expect(page.buttons()).toEqual(['Try again with the expected account', 'Add as another account', 'Cancel']);
  page.answers['resolve-mismatch'] = makeView();
  page.answers.authorize = { authorization_url: 'https://acme.example/authorize' };
  await page.press('Try again with the expected account');
  expect(page.requests.slice(-2).map(({ body }) => body.choice ?? body.provider_id)).toEqual([
    'retry',
    'acme',
  ]);
  expect(page.assigned).toHaveLength(1);
  await page.end();
  page = new Page();
  page.answers['resolve-mismatch'] = makeView({ state: 'completed', grants: [grant] });
  await page.show('/sdk/oauth/connect?handle=h1', makeView({ state: 'mismatch', mismatch }));
  await page.press('Add as another account');
  expect(page.requests.at(-1)?.body).toEqual({ handle: 'h1', choice: 'add' });
});
