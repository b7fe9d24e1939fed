import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { appOrigin, grant, makeView, Page } from './page.js';

let page: Page;
beforeEach(() => {
  page = new Page();
});
afterEach(() => page.end());

const back = '/sdk/oauth/connect?handle=h1';
const done = makeView({ state: 'completed', grants: [grant], providers: [] });
const denied = makeView({
  state: 'error',
  error: { code: 'connect_denied', message: 'Access was denied at the provider.', reference: 'r1' },
});
const results = () => page.posted.filter(([message]) => message.type !== 'alter_connect_place');

describe('as a popup', () => {
  beforeEach(() => page.giveOpener());

  it('C4: posts the result once to each exact origin, never to *', async () => {
    await page.show(back, { ...done, message_targets: [appOrigin, '*', 'https://two.example'] });
    const message = { type: 'alter_connect_success', grants: [grant] };
    expect(results()).toEqual([
      [message, appOrigin],
      [message, 'https://two.example'],
    ]);
  });

  it('C4: posts nothing without a target', async () => {
    await page.show(back, { ...done, message_targets: [] });
    expect(page.posted).toEqual([]);
  });

  it('posts a failure and stays for the user to read it', async () => {
    await page.show(back, denied);
    const message = {
      type: 'alter_connect_error',
      error: 'connect_denied',
      error_description: denied.error?.message,
    };
    expect(results()).toEqual([[message, appOrigin]]);
    await page.pass(5000);
    expect(page.hasClosed).toBe(false);
    expect(page.title()).toBe('Nothing was connected');
  });

  it('closes by itself when nobody did, and says so when it cannot', async () => {
    await page.show(back, done);
    expect(page.text()).toContain('This window closes by itself');
    await page.pass(1600);
    expect(page.hasClosed).toBe(true);
    await page.pass(600);
    expect(page.text()).toContain('You can close this window');
  });

  it('returns to the app when the opener does not listen and there is an address', async () => {
    await page.show(back, { ...done, return_to: 'https://app.example/back?alter_connect_success=true' });
    expect(page.replaced).toEqual([]);
    await page.pass(1600);
    expect(page.replaced).toEqual(['https://app.example/back?alter_connect_success=true']);
  });

  it('closes without a message when its user cancels', async () => {
    page.answers.cancel = {
      ...denied,
      error: { code: 'connect_cancelled', message: 'Closed', reference: 'r1' },
    };
    await page.show('/sdk/oauth/connect#session=t', makeView());
    await page.press('Cancel');
    await page.pass(10);
    expect(results()).toEqual([]);
    expect(page.hasClosed).toBe(true);
  });

  it('tells the opener when it leaves for the provider and when it is gone', async () => {
    page.answers.authorize = { authorization_url: 'https://acme.example/authorize' };
    await page.show('/sdk/oauth/connect#session=t', makeView());
    await page.press('Continue');
    window.dispatchEvent(new Event('pagehide'));
    expect(page.posted.map(([message]) => message.place)).toEqual(['page', 'leaving', 'left']);
  });

  it('C1: closes after the provider cut the opener off, instead of loading the app into the popup', async () => {
    await page.show('/sdk/oauth/connect#session=t', makeView());
    const remembered = { ...sessionStorage };
    await page.end();
    page = new Page();
    for (const [key, value] of Object.entries(remembered)) sessionStorage.setItem(key, String(value));
    await page.show(back, { ...done, return_to: 'https://app.example/back' });
    await page.pass(1600);
    expect(page.replaced).toEqual([]);
    expect(page.hasClosed).toBe(true);
  });
});

describe('as a full page', () => {
  it('goes to the return address at once, with success and with failure', async () => {
    await page.show(back, { ...done, return_to: 'https://app.example/a' });
    expect(page.replaced).toEqual(['https://app.example/a']);
    await page.end();
    page = new Page();
    await page.show(back, { ...denied, return_to: 'https://app.example/b' });
    expect(page.replaced).toEqual(['https://app.example/b']);
  });

  it('stays with the result where there is no return address', async () => {
    await page.show(back, done);
    expect(page.replaced).toEqual([]);
    expect(page.text()).toContain('You can close this window and go back to Northwind.');
    expect(page.text()).toContain('ada@example.com');
  });
});

describe('C6: each failure says what happened and what to do', () => {
  it.each([
    ['connect_denied', 'Nothing was connected', false],
    ['connect_config_error', 'Northwind is not set up for this yet', true],
    ['invalid_client', 'Northwind is not set up for this yet', true],
    ['provider_configuration_unavailable', 'Northwind is not set up for this yet', true],
    ['exchange_failed', 'The connection was not completed', true],
    ['a_code_of_tomorrow', 'The connection was not completed', true],
  ])('%s', async (code, title, showsReference) => {
    await page.show(back, { ...denied, error: { code, message: 'In detail.', reference: 'ref-7' } });
    expect(page.title()).toBe(title);
    expect(document.title).toBe(title);
    expect(page.text().includes('ref-7')).toBe(showsReference);
  });

  it('session_not_found', async () => {
    const body = { error: 'session_not_found', message: 'Not here.', request_id: 'req-1' };
    await page.show(back, { status: 404, body });
    expect(page.title()).toBe('This link does not work here');
  });

  it('an internal error shows the request id for the developer', async () => {
    await page.show(back, {
      status: 500,
      body: { error: 'internal_error', message: 'Failed.', request_id: 'req-2' },
    });
    expect(page.text()).toContain('req-2');
  });

  it('a session that was finished elsewhere is loaded again', async () => {
    page.answers.authorize = { status: 409, body: { error: 'session_not_open', message: 'Finished.' } };
    await page.show(back, makeView());
    page.answers.open = done;
    await page.press('Continue');
    expect(page.title()).toBe('Your account is connected');
  });
});
