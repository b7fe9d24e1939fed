import { deriveKeyId } from '@alter-ai/core-crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { SignedFetchOptions } from '../harness.js';
import { digestState, type ExpectedRefusal, expectRefusal, expectRefusals } from './refusal.js';
import { type CallableEndpoint, readStatusBehindSignature, signedEndpoints, unknownId } from './samples.js';
import { type BadInputWorld, nameKeyWithout, shortKeySeconds, startBadInputWorld } from './world.js';

/** Passes everything up to the schema, so that what the signature's checks let through is seen and changes nothing. */
const probe = (target: CallableEndpoint) => (target.endpoint.request === null ? null : '{"surprise":1}');
const zeros = '0'.repeat(64);
const missing = (field: string): ExpectedRefusal => ({
  status: 401,
  error: 'missing_signature',
  field,
  recordedAs: 'security.signature_refused',
});
const unsigned: ExpectedRefusal = {
  status: 401,
  error: 'invalid_signature',
  recordedAs: 'security.signature_refused',
};
const badKey: ExpectedRefusal = { status: 401, error: 'invalid_key', recordedAs: 'security.key_refused' };
const outOfRange: ExpectedRefusal = {
  status: 401,
  error: 'timestamp_out_of_range',
  recordedAs: 'security.signature_refused',
};
const malformed = (field: string): ExpectedRefusal => ({ status: 400, error: 'invalid_request', field });

/** What is changed in a request that is right otherwise, and what it has to be answered. */
const faults: readonly (readonly [string, SignedFetchOptions['headers'] & object, ExpectedRefusal])[] = [
  ['no key', { 'x-api-key': undefined }, missing('x-api-key')],
  ['an empty key', { 'x-api-key': '' }, missing('x-api-key')],
  ['no timestamp', { 'x-alter-timestamp': undefined }, missing('x-alter-timestamp')],
  ['no nonce', { 'x-alter-nonce': undefined }, missing('x-alter-nonce')],
  ['no body hash', { 'x-alter-content-sha256': undefined }, missing('x-alter-content-sha256')],
  ['no signature', { 'x-alter-signature': undefined }, missing('x-alter-signature')],
  ['an empty signature', { 'x-alter-signature': '' }, missing('x-alter-signature')],
  ['another signature', { 'x-alter-signature': zeros }, unsigned],
  ['a short signature', { 'x-alter-signature': 'ab' }, unsigned],
  ['a signature with text behind', { 'x-alter-signature': `${zeros}, ${zeros}` }, unsigned],
  ['a second signature that differs', { 'x-alter-signature-v2': zeros }, unsigned],
  ['a timestamp that is no number', { 'x-alter-timestamp': '1e9' }, unsigned],
  ['a negative timestamp', { 'x-alter-timestamp': '-1' }, unsigned],
  ['another nonce', { 'x-alter-nonce': 'f'.repeat(32) }, unsigned],
  ['a nonce of another form', { 'x-alter-nonce': "';--" }, unsigned],
  ['another body hash', { 'x-alter-content-sha256': zeros }, unsigned],
  ['a caller added later', { 'x-alter-caller': 'robot' }, unsigned],
  ['a caller type added later', { 'x-alter-caller-type': 'agent' }, unsigned],
  ['an actor id added later', { 'x-alter-actor-id': unknownId }, unsigned],
  ['a context added later', { 'x-alter-context': '{"a":"b"}' }, unsigned],
  ['a constraint added later', { 'x-alter-scope-constraints': 'grants:read' }, unsigned],
  ['a rule added later', { 'x-alter-request-rule': 'e30' }, unsigned],
  ['a key that is no key', { 'x-api-key': 'sk_live_1' }, badKey],
  ['a key with a wrong checksum', { 'x-api-key': 'alter_rk_abcdefghijklmnopqrstuv_iwpykx' }, badKey],
  ['an unknown key', { 'x-api-key': `alter_key_app_${'a'.repeat(36)}` }, badKey],
  ['the id of no key', { 'x-api-key': undefined, 'x-alter-key-id': '0'.repeat(32) }, badKey],
  ['a malformed key id', { 'x-api-key': undefined, 'x-alter-key-id': "' or 1=1" }, badKey],
  ['key and key id that disagree', { 'x-alter-key-id': '0'.repeat(32) }, badKey],
];

describe('bad signatures at every signed endpoint', () => {
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
    world.offsetMs = 0;
    world.stoppedAtMs = null;
    expect(await digestState(world.vault)).toEqual(before);
  });
  const targets = signedEndpoints.map((target) => [target.name, target] as const);

  it.each(targets)('T1: %s refuses every fault of a signature, and records it', async (_name, target) => {
    const bodies = await expectRefusals(
      world.vault,
      faults.map(([, headers, expected]) => [world.call(target, target.plain, { headers }), expected]),
    );
    expect(bodies.every((body) => body.granted === undefined)).toBe(true);
    const foreignId = deriveKeyId(world.vault.apiKeys.other ?? '');
    const headers = { 'x-alter-key-id': foreignId };
    await expectRefusal(world.vault, await world.call(target, target.plain, { headers }), badKey);
    if (target.endpoint.request === null) return;
    const swapped = await world.call(target, target.plain, { sentBody: '{"a":1}' });
    await expectRefusal(world.vault, swapped, unsigned);
  });

  it.each(targets)(
    'T1: %s takes a clock that is 300 s off, and not one that is 301 s off',
    async (_name, target) => {
      const now = Math.floor(world.vault.deps.clock() / 1000);
      // The clock stands: however slow the machine is, 300 s stay 300 s.
      world.stoppedAtMs = now * 1000 + 500;
      for (const timestampSeconds of [now - 301, now + 301, 0, 99_999_999_999]) {
        const answer = await world.call(target, target.plain, { timestampSeconds });
        await expectRefusal(world.vault, answer, outOfRange);
      }
      for (const timestampSeconds of [now - 300, now + 300]) {
        // Signed well, and refused only for what is behind the signature.
        const answer = await world.call(target, probe(target), { timestampSeconds });
        expect(answer.status).toBe(readStatusBehindSignature(target));
      }
    },
  );

  it.each(targets)(
    'T1: %s refuses expired and revoked keys, and addresses outside',
    async (_name, target) => {
      const keys = world.vault.apiKeys;
      const call = (name: string, options: SignedFetchOptions = {}) =>
        world.call(target, target.plain, { apiKey: keys[`demo/${name}`] ?? '', ...options });
      const refused = { recordedAs: 'security.key_refused' };
      await expectRefusal(world.vault, await call('revoked'), {
        status: 401,
        error: 'key_revoked',
        ...refused,
      });
      const addresses = ['127.0.0.1', '11.0.0.1', '::1', '2001:db9::1', '::ffff:11.0.0.1', ''];
      const headers = { 'x-forwarded-for': '10.0.0.1', forwarded: 'for=10.0.0.1' };
      const outside = { status: 403, error: 'ip_not_allowed', ...refused };
      await expectRefusals(
        world.vault,
        addresses.map((remoteAddress) => [call('inside', { remoteAddress, headers }), outside]),
      );
      world.offsetMs = shortKeySeconds * 1000;
      await expectRefusal(world.vault, await call('short'), {
        status: 401,
        error: 'key_expired',
        ...refused,
      });
    },
  );

  it.each(targets)('%s refuses a key that lacks its scope, and says which', async (_name, target) => {
    const { scope } = target.endpoint;
    const refused = { recordedAs: 'security.key_refused' };
    for (const [options, granted] of [
      [{ apiKey: world.vault.apiKeys[`demo/${nameKeyWithout(scope ?? 'grants:read')}`] ?? '' }, 8],
      [{ scopeConstraints: scope === 'grants:read' ? 'grants:write' : 'grants:read' }, 1],
    ] as const) {
      if (scope === null) continue;
      const answer = await world.call(target, target.plain, options);
      const body = await expectRefusal(world.vault, answer, {
        status: 403,
        error: 'insufficient_scope',
        ...refused,
      });
      expect(body).toMatchObject({ required: [scope], missing: [scope], scope_version: 1 });
      expect(body.granted).toHaveLength(granted);
      expect(body.granted).not.toContain(scope);
    }
    const apiKey = world.vault.apiKeys[`demo/${nameKeyWithout('proxy:execute')}`] ?? '';
    const widening = ['proxy:execute', `${scope ?? 'grants:read'},proxy:execute`, '*', 'x', ','];
    await expectRefusals(
      world.vault,
      widening.map((scopeConstraints) => [
        world.call(target, target.plain, { apiKey, scopeConstraints }),
        { status: 400, error: 'constraint_not_narrowing', ...refused },
      ]),
    );
    if (scope === null) return;
    const narrowed = await world.call(target, probe(target), { scopeConstraints: scope });
    expect(narrowed.status).toBe(readStatusBehindSignature(target));
  });

  it.each(targets)(
    '%s refuses the rule header, and identity headers out of bounds',
    async (_name, target) => {
      const many = Object.fromEntries(Array.from({ length: 21 }, (_, index) => [`k${index}`, 'v']));
      const contexts = [
        '[]',
        'null',
        '"a"',
        '{',
        '{"a":1}',
        '{"a":null}',
        '{"a":{"b":"c"}}',
        '{"__proto__":"x"}',
        '{"a":"\\ud800"}',
        JSON.stringify(many),
        JSON.stringify({ ['k'.repeat(65)]: 'v' }),
        JSON.stringify({ k: 'v'.repeat(513) }),
        `{"a":"b"}${' '.repeat(4096)}x`,
      ];
      const cases: (readonly [SignedFetchOptions, ExpectedRefusal])[] = [
        [{ requestRule: 'e30' }, { status: 422, error: 'not_supported_yet', field: 'x-alter-request-rule' }],
        ...contexts.map((context) => [{ context }, malformed('x-alter-context')] as const),
        [{ caller: 'x'.repeat(256) }, malformed('x-alter-caller')],
        [{ caller: 'caf\u00e9' }, malformed('x-alter-caller')],
        [{ caller: 'a', callerType: 'root' }, malformed('x-alter-caller-type')],
        [{ callerType: 'agent' }, malformed('x-alter-caller-type')],
        [{ actorId: 'me' }, malformed('x-alter-actor-id')],
        [{ actorId: unknownId }, malformed('x-alter-actor-id')],
        [{ caller: 'never-seen', callerType: 'agent', actorId: unknownId }, malformed('x-alter-actor-id')],
      ];
      for (const [options, expected] of cases) {
        await expectRefusal(world.vault, await world.call(target, target.plain, options), expected);
      }
    },
  );

  it.each(targets)('%s: what is refused for its body or scope registers no caller', async (_name, target) => {
    const caller = { caller: `visitor of ${target.name}`, callerType: 'agent' } as const;
    const scope = target.endpoint.scope;
    const narrow = scope === 'grants:read' ? 'grants:write' : 'grants:read';
    const answers =
      scope === null
        ? [await world.call(target, target.plain, { ...caller, callerType: 'robot' })]
        : [await world.call(target, target.plain, { ...caller, scopeConstraints: narrow })];
    if (target.endpoint.request) answers.push(await world.call(target, '{"surprise":1}', caller));
    for (const answer of answers) expect(answer.status).toBeGreaterThanOrEqual(400);
  });
});
