import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { digestState, expectRefusal } from './refusal.js';
import { callableEndpoints, readStatusBehindSignature, signedEndpoints } from './samples.js';
import { type BadInputWorld, startBadInputWorld } from './world.js';

describe('addresses, methods and queries', () => {
  let world: BadInputWorld;
  let before: Record<string, string>;
  beforeAll(async () => {
    world = await startBadInputWorld('sqlite');
  });
  afterAll(() => world?.close());
  beforeEach(async () => {
    before = await digestState(world.vault);
  });
  afterEach(async () => {
    expect(await digestState(world.vault)).toEqual(before);
  });
  const targets = callableEndpoints.map((target) => [target.name, target] as const);

  it.each(targets)(
    'T3: %s answers to no other method, and says to which',
    async (_name, { endpoint, path }) => {
      const methods = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'PROPFIND', 'TRACK'];
      for (const method of methods.filter((other) => other !== endpoint.method)) {
        // fetch itself refuses TRACK, so only the socket would carry it.
        if (method === 'TRACK') continue;
        const answer = await world.vault.app.request(path, { method });
        expect(answer.headers.get('allow')).toContain(endpoint.method);
        await expectRefusal(world.vault, answer, { status: 405, error: 'method_not_allowed' });
      }
      const head = await world.vault.app.request(path, { method: 'HEAD' });
      expect(await head.text()).toBe('');
      expect(head.status).toBe(endpoint.access === 'public' ? 200 : endpoint.method === 'GET' ? 401 : 405);
    },
  );

  it.each(targets)('T3: what is nearly the address of %s is nothing', async (_name, { endpoint, path }) => {
    // Behind an id at the end of the address more characters make another id.
    const longer = endpoint.path.endsWith('}') ? [] : [`${path}x`, `${path}%00`, `${path}%2F`];
    for (const other of [`${path}/`, `${path}/x`, path.toUpperCase(), `/v1${path}`, ...longer]) {
      for (const method of ['GET', 'POST']) {
        const answer = await world.vault.app.request(other, { method });
        const isOther = [200, 401, 405].includes(answer.status) && other !== path;
        expect([other, isOther]).toEqual([other, false]);
        await expectRefusal(world.vault, answer, { status: 404, error: 'not_found' });
      }
    }
    expect(endpoint.path.startsWith('/')).toBe(true);
  });

  it('T3: addresses of nothing are 404, in the envelope or as a page of the documentation', async () => {
    const paths = [
      '/sdk',
      '/sdk/nothing',
      '/sdk/proxied',
      '/.env',
      '/.git/config',
      '/..%2f..%2fetc/passwd',
      '/docs/..%2f..%2fpackage.json',
      '/docs/%2e%2e%2f%2e%2e%2fpackage',
      '/docs/nothing',
      '/docs/errors/nothing',
      '/docs/errors/__proto__',
      '/docs/errors/constructor',
      '/docs/images/..%2f..%2fpackage.json',
      '/docs/images/%00',
      '/sdk/oauth/connect/assets/..%2findex.html',
      '/sdk/oauth/connect/assets/constructor',
      '/%',
      '/%ff',
      `/${'a'.repeat(8000)}`,
    ];
    for (const path of paths) {
      const answer = await world.vault.app.request(path);
      if (answer.headers.get('content-type')?.startsWith('text/html')) {
        expect([path.startsWith('/docs/'), answer.status]).toEqual([true, 404]);
        expect(await answer.text()).toContain('There is no page at this address.');
      } else {
        await expectRefusal(world.vault, answer, { status: 404, error: 'not_found' });
      }
    }
  });

  it.each(signedEndpoints.map((target) => [target.name, target] as const))(
    'T1: %s takes a signed query that it does not know, and refuses one that was not signed',
    async (_name, target) => {
      const isBodiless = target.endpoint.request === null;
      const body = isBodiless ? null : '{"surprise":1}';
      for (const query of [
        '?',
        '?b=2&a=1',
        '?x',
        '?&&',
        '?a=b=c',
        '?a=%zz',
        '?a=+%20%2B',
        '?%C3%A9=1;2',
        '?a=%F0%9F%94%91&a=',
        '?__proto__=1',
      ]) {
        const answer = await world.call({ ...target, path: `${target.path}${query}` }, body);
        expect([query, answer.status]).toEqual([query, readStatusBehindSignature(target)]);
      }
      const { headers } = await signedRequest(target.path, target.endpoint.method);
      const changed = await world.vault.app.request(`${target.path}?a=1`, {
        method: target.endpoint.method,
        headers,
      });
      await expectRefusal(world.vault, changed, {
        status: 401,
        error: 'invalid_signature',
        recordedAs: 'security.signature_refused',
      });
    },
  );

  /** The headers of a signed request without a body, taken on its way. */
  async function signedRequest(path: string, method: string): Promise<{ headers: Headers }> {
    const { app } = world.vault;
    const send = app.request;
    let headers = new Headers();
    app.request = ((input, init, bindings) => {
      headers = new Headers(init?.headers);
      return send(input, init, bindings);
    }) as typeof app.request;
    try {
      await world.vault.signedFetch(method, path, undefined, { requestRule: 'e30' });
    } finally {
      app.request = send;
    }
    return { headers };
  }
});
