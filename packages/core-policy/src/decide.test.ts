import { errorCodes } from '@alter-ai/core-contract';
import { describe, expect, it } from 'vitest';
import { decide } from './decide.js';
import type { Facts, LayeredRule, PolicyLayer } from './decision.js';

const officeHours = {
  kind: 'time_window',
  days: ['mon', 'tue', 'wed', 'thu', 'fri'],
  from: '09:00',
  to: '17:00',
  time_zone: 'Europe/Berlin',
};
const officeNetwork = { kind: 'ip_allowlist', cidrs: ['10.0.0.0/8'] };
const mondayNoon = Date.parse('2026-03-23T11:00:00Z');
const saturday = Date.parse('2026-03-28T11:03:20Z');
const inside: Facts = { nowMs: mondayNoon, sourceAddress: '10.1.2.3' };
const layer = (rule: unknown, more: Partial<LayeredRule> = {}): LayeredRule => ({
  id: 'rule-1',
  layer: 'app',
  rule,
  ...more,
});

describe('decide', () => {
  it('P1: no rule, or only satisfied rules, allow', () => {
    expect(decide([], inside)).toEqual({ allow: true });
    expect(decide([layer(officeHours), layer(officeNetwork)], inside)).toEqual({ allow: true });
  });

  it('P6: a time denial says which rule, why, what was observed and when it passes', () => {
    const rules = [layer(officeHours, { name: 'office hours' })];
    expect(decide(rules, { ...inside, nowMs: saturday })).toEqual({
      allow: false,
      error: 'time_window',
      ruleId: 'rule-1',
      ruleName: 'office hours',
      message:
        'Calls are allowed Monday to Friday, 09:00 to 17:00 (Europe/Berlin); it is Saturday 12:03 there.',
      observed: { local_time: '2026-03-28T12:03:20+01:00', time_zone: 'Europe/Berlin' },
      // Monday 09:00 in Berlin, after the clocks went forward on Sunday.
      retryAtMs: Date.parse('2026-03-30T07:00:00Z'),
    });
  });

  it('P6: an address denial says the address and names no range and no time', () => {
    expect(decide([layer(officeNetwork)], { ...inside, sourceAddress: '203.0.113.9' })).toEqual({
      allow: false,
      error: 'ip_allowlist',
      ruleId: 'rule-1',
      message: 'Calls from 203.0.113.9 are not allowed by the address list.',
      observed: { address: '203.0.113.9' },
    });
  });

  it('P3: any one rule of any layer denies, wherever it stands', () => {
    const layers: PolicyLayer[] = ['app', 'provider', 'agent', 'grant', 'user'];
    for (const deniedLayer of layers) {
      for (let position = 0; position < layers.length; position += 1) {
        const rules = layers.map((name) => layer(officeNetwork, { id: name, layer: name }));
        const denied = layer({ kind: 'ip_allowlist', cidrs: ['::1'] }, { id: 'x', layer: deniedLayer });
        rules.splice(position, 0, denied);
        expect(decide(rules, inside)).toMatchObject({ allow: false, ruleId: 'x' });
      }
    }
  });

  it('P3: of several denials the outermost layer is reported, then the first', () => {
    const away = { ...inside, sourceAddress: '203.0.113.9' };
    const rules = [
      layer(officeNetwork, { id: 'user', layer: 'user' }),
      layer(officeNetwork, { id: 'grant-1', layer: 'grant' }),
      layer(officeNetwork, { id: 'grant-2', layer: 'grant' }),
    ];
    expect(decide(rules, away)).toMatchObject({ ruleId: 'grant-1' });
  });

  it.each([
    ['policy_unknown_rule', { kind: 'rate', limit: 5 }],
    ['policy_unknown_rule', { kind: 'constructor' }],
    ['policy_malformed', {}],
    ['policy_malformed', null],
    ['policy_malformed', undefined],
    ['policy_malformed', 'time_window'],
    ['policy_malformed', []],
    ['policy_malformed', { kind: 7 }],
    ['policy_malformed', { kind: 'ip_allowlist' }],
    ['policy_malformed', { kind: 'ip_allowlist', cidrs: [] }],
    ['policy_malformed', { kind: 'ip_allowlist', cidrs: ['10.0.0.0/8', 'nonsense'] }],
    ['policy_malformed', { ...officeHours, time_zone: 'Mars/Olympus' }],
    ['policy_malformed', { ...officeHours, days: [] }],
    ['policy_malformed', { ...officeHours, extra: true }],
  ])('P2: fails closed with %s: %j', (error, rule) => {
    for (let time = 0; time < 2; time += 1) {
      const decision = decide([layer(officeNetwork), layer(rule, { id: 'bad' })], inside);
      expect(decision).toMatchObject({ allow: false, error, ruleId: 'bad', observed: {} });
      expect(decision).not.toHaveProperty('retryAtMs');
    }
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY, -9e15])('P2: a clock that gives %s denies', (nowMs) => {
    const decision = decide([layer(officeHours)], { ...inside, nowMs });
    expect(decision).toMatchObject({ allow: false, error: 'policy_evaluation_failed', ruleId: 'rule-1' });
  });

  it.each([undefined, '', 'unknown', '10.1.2', '012.1.2.3', '10.1.2.3:80', '::10.1.2.3'])(
    'P2: the source address %s cannot be evaluated and denies',
    (sourceAddress) => {
      const decision = decide([layer(officeNetwork)], { ...inside, sourceAddress });
      expect(decision).toMatchObject({
        allow: false,
        error: 'policy_evaluation_failed',
        observed: sourceAddress === undefined ? {} : { address: sourceAddress },
      });
    },
  );

  it('P2: a rule that throws when it is read denies', () => {
    const hostile = {
      get kind(): string {
        throw new Error('no');
      },
    };
    expect(decide([layer(hostile)], inside)).toMatchObject({ error: 'policy_evaluation_failed' });
  });

  it('P6: when the address denies too, waiting will not help and no time is given', () => {
    const rules = [layer(officeHours, { id: 'time' }), layer(officeNetwork, { id: 'net' })];
    const decision = decide(rules, { nowMs: saturday, sourceAddress: '203.0.113.9' });
    expect(decision).toMatchObject({ error: 'time_window', ruleId: 'time' });
    expect(decision).not.toHaveProperty('retryAtMs');
  });

  it('P6: with several time rules the time given is one at which all pass', () => {
    const evenings = { kind: 'time_window', from: '16:00', to: '20:00', time_zone: 'UTC' };
    const wednesdays = { kind: 'time_window', days: ['wed'], from: '00:00', to: '00:00', time_zone: 'UTC' };
    const rules = [layer(officeHours), layer(evenings), layer(wednesdays)];
    // In summer 16:00 UTC is after hours in Berlin; in winter it is 17:00 there, just too late.
    expect(decide(rules, { ...inside, nowMs: saturday })).not.toHaveProperty('retryAtMs');
    const longer = [layer({ ...officeHours, to: '18:30' }), layer(evenings), layer(wednesdays)];
    expect(decide(longer, { ...inside, nowMs: saturday })).toMatchObject({
      retryAtMs: Date.parse('2026-04-01T16:00:00Z'),
    });
  });

  it('every error it can give is in the contract', () => {
    const codes = ['time_window', 'ip_allowlist', 'policy_unknown_rule', 'policy_malformed'];
    expect(errorCodes).toEqual(expect.arrayContaining([...codes, 'policy_evaluation_failed']));
  });
});
