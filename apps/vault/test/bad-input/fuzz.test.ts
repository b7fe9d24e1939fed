import { headerNames } from '@alter-ai/core-contract';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { describeBothDatabases } from '../harness.js';
import { formatPath, listPlaces } from './field-faults.js';
import { expectEnvelope, expectNothingLeaks } from './refusal.js';
import {
  bodyEndpoints,
  type CallableEndpoint,
  callableEndpoints,
  type Json,
  signedEndpoints,
} from './samples.js';
import { type BadInputWorld, startBadInputWorld } from './world.js';

const seed = 20_260_101;

/** Values that parsers and databases trip over. */
const oddText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 30 }),
  fc.constantFrom(
    '',
    ' ',
    '\0',
    '\ud800',
    '%00',
    "'; drop table grants; --",
    '../..',
    '\u202e',
    '{}',
    'NaN',
    '1e400',
  ),
);
const oddValue = fc.oneof(
  oddText,
  fc.double(),
  fc.maxSafeInteger(),
  fc.constantFrom(null, true, [], {}),
  fc.jsonValue(),
);

/** A right body with some of its places holding something else. */
const spoiledBody = (target: CallableEndpoint) => {
  const places = listPlaces(target.endpoint, target.sample ?? {}).map(({ path }) => path);
  return fc
    .array(fc.tuple(fc.constantFrom(...places), oddValue), { minLength: 1, maxLength: 3 })
    .map((changes) => {
      const body = structuredClone(target.plain ?? {}) as Json;
      for (const [path, value] of changes) spoil(body, path, value);
      return body;
    });
};

function spoil(body: Json, path: readonly (string | number)[], value: unknown): void {
  let place = body as Record<string | number, unknown>;
  for (const part of path.slice(0, -1)) {
    const next = place[part];
    if (typeof next !== 'object' || next === null) return;
    place = next as Record<string | number, unknown>;
  }
  place[path.at(-1) ?? ''] = value;
}

describeBothDatabases('random input', (kind) => {
  const numRuns = kind === 'sqlite' ? 10 : 4;
  let world: BadInputWorld;
  beforeAll(async () => {
    world = await startBadInputWorld(kind);
  });
  afterAll(() => world?.close());

  const expectNoDefect = async (answer: Response, sent: unknown) => {
    const text = await answer.text();
    expect([answer.status, sent]).not.toEqual([500, sent]);
    expectNothingLeaks(world.vault, text);
    if (answer.status >= 400) await expectEnvelope(world.vault, answer, JSON.parse(text) as Json);
  };
  const check = <T>(values: fc.Arbitrary<T>, body: (value: T) => Promise<void>) =>
    fc.assert(fc.asyncProperty(values, body), { seed, numRuns });

  it.each(bodyEndpoints.map((target) => [target.name, target] as const))(
    'T3: %s meets random JSON and spoiled bodies without a defect',
    async (_name, target) => {
      const bodies = fc.oneof(
        spoiledBody(target),
        fc.json(),
        fc.string({ unit: 'binary' }),
        fc.uint8Array({ minLength: 1 }),
      );
      await check(bodies, async (body) => expectNoDefect(await world.call(target, body), body));
    },
  );

  const names = [
    ...Object.values(headerNames),
    'content-type',
    'content-encoding',
    'cookie',
    'origin',
    'traceparent',
    'x-forwarded-for',
  ];
  // What fetch takes as a header's value: bytes without NUL, CR and LF.
  const headerValue = fc.oneof(
    fc.string({ maxLength: 40 }).map((text) => text.replaceAll(/[\0\r\n]/g, '')),
    fc.uint8Array({ maxLength: 40 }).map((bytes) =>
      Buffer.from(bytes)
        .toString('latin1')
        .replaceAll(/[\0\r\n]/g, ''),
    ),
    fc.json({ maxDepth: 2 }).map((text) => text.replaceAll(/[^\x20-\x7e]/g, '')),
  );
  const someHeaders = fc.dictionary(fc.constantFrom(...names), headerValue, { minKeys: 1, maxKeys: 4 });

  it.each(callableEndpoints.map((target) => [target.name, target] as const))(
    'T3: %s meets random headers without a defect',
    async (_name, target) => {
      await check(someHeaders, async (headers) =>
        expectNoDefect(await world.call(target, target.plain, { headers }), headers),
      );
    },
  );

  const identity = fc.record(
    {
      caller: headerValue,
      callerType: fc.oneof(headerValue, fc.constantFrom('agent', 'service')),
      actorId: fc.oneof(headerValue, fc.uuid()),
      context: fc.oneof(
        headerValue,
        fc.dictionary(oddText, oddText).map((map) => JSON.stringify(map).replaceAll(/[^\x20-\x7e]/g, '?')),
      ),
      scopeConstraints: headerValue,
    },
    { requiredKeys: [] },
  );
  it.each(signedEndpoints.map((target) => [target.name, target] as const))(
    'T3: %s meets random identity headers that are signed without a defect',
    async (_name, target) => {
      await check(identity, async (options) =>
        expectNoDefect(await world.call(target, target.plain, options), options),
      );
    },
  );
});

describe('the fuzz itself', () => {
  it('reaches every field of every endpoint', () => {
    const reached = bodyEndpoints.flatMap(({ endpoint, sample }) =>
      listPlaces(endpoint, sample ?? {}).map(({ path }) => formatPath(path)),
    );
    expect(reached).toContain('request.url');
    expect(reached).toContain('requested_grant.restrictions.allowed_methods[0]');
    expect(reached).toContain('handle');
    expect(reached.length).toBeGreaterThan(60);
  });
});
