import canonicalize from 'canonicalize';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { AuditEvent, Json } from '../audit-event.js';
import { completeRecordText, writeRecordText } from './record-text.js';

const facts = { id: '019a0000-0000-7000-8000-000000000000', at: Date.UTC(2026, 10, 21) };
const textFields = [
  'grantId',
  'providerId',
  'userId',
  'apiKeyId',
  'keyPrefix',
  'caller',
  'callerType',
  'actorId',
  'principal',
  'credentialKind',
  'method',
  'reason',
  'sourceAddress',
  'traceId',
  'requestId',
  'requestSha256',
  'responseSha256',
  'errorCode',
  'outcome',
] as const;
const numberFields = ['status', 'latencyMs', 'requestBytes', 'responseBytes'] as const;

const anyText = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({ unit: fc.integer({ min: 0, max: 0xffff }).map((code) => String.fromCharCode(code)) }),
);
const anyEvent = fc.record(
  {
    ...Object.fromEntries(textFields.map((name) => [name, anyText])),
    ...Object.fromEntries(numberFields.map((name) => [name, fc.double()])),
    context: fc.dictionary(anyText, fc.jsonValue() as fc.Arbitrary<Json>),
    details: fc.dictionary(anyText, fc.jsonValue() as fc.Arbitrary<Json>),
    rule: fc.dictionary(anyText, anyText),
    decision: fc.constantFrom('allow', 'deny'),
  },
  { requiredKeys: [] },
) as fc.Arbitrary<Partial<AuditEvent>>;

describe('record text', () => {
  it('A3: is canonical JSON (RFC 8785) for any event', () => {
    fc.assert(
      fc.property(anyEvent, fc.nat(), (event, sequence) => {
        const text = completeRecordText(
          writeRecordText({ ...event, kind: 'access.retrieve', appId: 'a' }, facts),
          'chain',
          sequence,
        );
        expect(text).toBe(canonicalize(JSON.parse(text)));
      }),
      { numRuns: 500 },
    );
  });

  it('A2: names everything that an event tells, and nothing that is absent', () => {
    const event = {
      ...Object.fromEntries(textFields.map((name) => [name, `of ${name}`])),
      ...Object.fromEntries(numberFields.map((name) => [name, 7])),
      kind: 'access.retrieve',
      appId: 'app',
      context: { a: '1' },
      rule: { id: 'r' },
      details: { b: null },
      decision: 'deny',
      url: 'https://api.example.com/x?token=abc',
    } satisfies Partial<AuditEvent> & Pick<AuditEvent, 'kind' | 'appId'>;
    const record = JSON.parse(completeRecordText(writeRecordText(event, facts), 'chain', 5));
    const snake = (name: string) =>
      name.replace('Sha', '_sha').replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
    for (const name of textFields) expect(record[snake(name)]).toBe(`of ${name}`);
    for (const name of numberFields) expect(record[snake(name)]).toBe(7);
    expect(record).toMatchObject({
      app_id: 'app',
      at: '2026-11-21T00:00:00.000Z',
      chain_id: 'chain',
      sequence: 5,
      id: facts.id,
      context: { a: '1' },
      rule: { id: 'r' },
      details: { b: null },
      decision: 'deny',
      version: 1,
      url: 'https://api.example.com/x?token=redacted',
    });
    const bare = JSON.parse(
      completeRecordText(writeRecordText({ kind: 'server.started', appId: null }, facts), 'chain', 1),
    );
    expect(Object.keys(bare)).toEqual(['at', 'chain_id', 'id', 'kind', 'sequence', 'version']);
  });

  it('has the decision as its outcome where none is given', () => {
    const outcomeOf = (event: Partial<AuditEvent>) =>
      writeRecordText({ kind: 'access.retrieve', appId: null, ...event }, facts).outcome;
    expect([
      outcomeOf({ decision: 'deny' }),
      outcomeOf({ decision: 'allow', outcome: 'error' }),
      outcomeOf({}),
    ]).toEqual(['deny', 'error', null]);
  });
});
