import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { listFieldFaults, listPlaces } from './field-faults.js';
import { digestState, expectRefusal } from './refusal.js';
import { bodyEndpoints, callableEndpoints, type Json } from './samples.js';
import { type BadInputWorld, startBadInputWorld } from './world.js';

const tooManyBytes = Buffer.alloc(8 * 1024 * 1024, 0x20);

describe('bad bodies at every endpoint', () => {
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
  const targets = bodyEndpoints.map((target) => [target.name, target] as const);

  it.each(targets)('%s: its sample sets every field that the schema has', (_name, { endpoint, sample }) => {
    const missing = listPlaces(endpoint, sample ?? {})
      .map(({ path }) => path)
      .filter((path) => {
        let value: unknown = sample;
        for (const part of path) value = (value as Record<string | number, unknown> | undefined)?.[part];
        return value === undefined;
      });
    // Calls take one of two selectors, and proxied ones their body in one of two forms.
    const others: Record<string, string[]> = {
      retrieveToken: ['provider_id'],
      proxyCall: ['provider_id', 'body_b64'],
    };
    expect(missing.map(String)).toEqual(others[endpoint.name] ?? []);
    expect(endpoint.request?.safeParse(sample).success).toBe(true);
  });

  it.each(targets)('T3: %s refuses an unknown field by its name', async (_name, target) => {
    const { endpoint, plain, sample } = target;
    for (const body of [{ surprise: 1 }, { ...plain, surprise: null }, { ...sample, Session_Token: 'x' }]) {
      const field = Object.keys(body).at(-1) ?? '';
      const answer = await world.call(target, body);
      await expectRefusal(world.vault, answer, { status: 422, error: 'unknown_field', field });
    }
    const objects = listPlaces(endpoint, sample ?? {}).filter(
      ({ path, schema }) => path.length === 1 && schema.additionalProperties === false,
    );
    for (const { path } of objects) {
      const name = String(path[0]);
      const body = { ...sample, [name]: { ...(sample?.[name] as Json), surprise: 1 } };
      const field = `${name}.surprise`;
      await expectRefusal(world.vault, await world.call(target, body), {
        status: 422,
        error: 'unknown_field',
        field,
      });
    }
  });

  it.each(targets)('T3: %s refuses every field of another type by its path', async (_name, target) => {
    const faults = listFieldFaults(target.endpoint, target.sample ?? {});
    expect(faults.length).toBeGreaterThan(3);
    for (const { field, body } of faults) {
      const isPolicy =
        target.endpoint.errors.includes('invalid_grant_policy') && field.startsWith('grant_policy');
      const answer = await world.call(target, body);
      await expectRefusal(world.vault, answer, {
        status: isPolicy ? 422 : 400,
        error: isPolicy ? 'invalid_grant_policy' : 'invalid_request',
        field,
      });
    }
  });

  it.each(targets)('T3: %s refuses what is no JSON object', async (_name, target) => {
    const deep = '['.repeat(20_000) + ']'.repeat(20_000);
    const texts = [
      '{"a":',
      '{',
      'nul',
      '[]',
      '[{}]',
      '"text"',
      '7',
      'null',
      'true',
      '\ufeff{}',
      '{}{}',
      "{'a':1}",
    ];
    for (const text of [...texts, deep, `{"a":${deep}}`, '{"a":'.repeat(20_000), ' ', '{"a":1e999}']) {
      const answer = await world.call(target, text);
      const isUnknown = text === '{"a":1e999}';
      await expectRefusal(world.vault, answer, {
        status: isUnknown ? 422 : 400,
        error: isUnknown ? 'unknown_field' : 'invalid_request',
      });
    }
  });

  it.each(targets)('T3: %s refuses bytes that are no UTF-8, also inside a string', async (_name, target) => {
    for (const bytes of [[0xff, 0xfe], [0xc0, 0xaf], [0xed, 0xa0, 0x80], [0xf5, 0x80, 0x80, 0x80], [0xc3]]) {
      const body = Buffer.concat([Buffer.from('{"a":"'), Buffer.from(bytes), Buffer.from('"}')]);
      const answer = await world.call(target, body);
      await expectRefusal(world.vault, answer, { status: 400, error: 'invalid_request' });
    }
  });

  it.each(targets)('T3: %s refuses names that reach into prototypes, at any depth', async (_name, target) => {
    for (const name of ['__proto__', 'constructor', 'prototype', '\\u005f_proto__']) {
      for (const [text, field] of [
        [`{"${name}":{"isAdmin":true}}`, name],
        [`{"metadata":{"${name}":"x"}}`, `metadata.${name}`],
        [`{"a":[{"${name}":1}]}`, `a.0.${name}`],
      ] as const) {
        const answer = await world.call(target, text);
        await expectRefusal(world.vault, answer, {
          status: 400,
          error: 'invalid_request',
          field: field.replace('\\u005f', '_'),
        });
      }
    }
    expect(({} as Json).isAdmin).toBeUndefined();
  });

  it.each(targets)('T3: %s refuses 8 MiB', async (_name, target) => {
    const answer = await world.call(target, tooManyBytes);
    await expectRefusal(world.vault, answer, { status: 413, error: 'payload_too_large' });
  });

  it.each(targets.filter(([, { endpoint }]) => endpoint.access !== 'key'))(
    'T3: %s, which needs no key, refuses more than 128 KiB',
    async (_name, target) => {
      const answer = await world.call(target, tooManyBytes.subarray(0, 128 * 1024 + 1));
      await expectRefusal(world.vault, answer, { status: 413, error: 'payload_too_large' });
    },
  );

  it.each(targets)('T3: %s refuses no body at all, unless nothing is needed', async (_name, target) => {
    const answer = await world.call(target, '');
    const isEnough = target.endpoint.request?.safeParse({}).success === true;
    if (isEnough) expect(answer.status).not.toBe(400);
    else await expectRefusal(world.vault, answer, { status: 400, error: 'invalid_request' });
    // What an empty body made is not a refusal's doing.
    before = await digestState(world.vault);
  });

  it.each(targets)('T3: %s refuses another content type, charset or encoding', async (_name, target) => {
    const types = [
      'text/plain',
      'application/x-www-form-urlencoded',
      'application/json; charset=utf-16',
      'x',
      undefined,
    ];
    for (const headers of [
      ...types.map((type) => ({ 'content-type': type })),
      { 'content-encoding': 'gzip' },
      { 'content-encoding': 'br, identity' },
    ]) {
      const answer = await world.call(target, target.plain, { headers });
      await expectRefusal(world.vault, answer, { status: 415, error: 'unsupported_media_type' });
    }
  });

  it('T3: fields whose capability is missing are refused by name', async () => {
    for (const target of bodyEndpoints) {
      for (const field of target.endpoint.notSupportedYet) {
        const [name = '', inner] = field.split('.');
        const value = target.sample?.[name];
        const set =
          value === false || value === null
            ? name === 'delegable'
              ? true
              : 'user-1'
            : inner === undefined
              ? value
              : withoutOthers(value as Json, target.endpoint.notSupportedYet, field);
        const answer = await world.call(target, { ...target.plain, [name]: set });
        expect(inner === undefined || typeof set === 'object').toBe(true);
        await expectRefusal(world.vault, answer, { status: 422, error: 'not_supported_yet', field });
      }
    }
  });

  it('every endpoint of the contract is here, and those without a body take none', () => {
    const unknown = callableEndpoints.filter(({ endpoint, sample }) => endpoint.request !== null && !sample);
    expect(unknown.map(({ name }) => name)).toEqual([]);
    const bodiless = callableEndpoints.filter(({ endpoint }) => endpoint.request === null);
    expect(bodiless.map(({ endpoint }) => endpoint.method)).toEqual(bodiless.map(() => 'GET'));
  });
});

/** An object without the unsupported fields beside the one that is meant. */
function withoutOthers(value: Json, unsupported: readonly string[], field: string): Json {
  const others = unsupported.filter((each) => each !== field).map((each) => each.split('.')[1]);
  return Object.fromEntries(Object.entries(value).filter(([name]) => !others.includes(name)));
}
