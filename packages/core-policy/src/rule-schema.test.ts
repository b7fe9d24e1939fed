import { describe, expect, it } from 'vitest';
import { parseRule, ruleKinds, ruleSchema } from './rule-schema.js';

const window = { kind: 'time_window', from: '09:00', to: '17:00', time_zone: 'Europe/Berlin' };
const list = (...cidrs: unknown[]) => ({ kind: 'ip_allowlist', cidrs });

describe('parseRule', () => {
  it.each([
    window,
    { ...window, days: ['sun'] },
    { ...window, from: '00:00', to: '00:00', time_zone: 'UTC' },
    { ...window, from: '23:59', time_zone: 'america/new_york' },
    list('10.0.0.0/8'),
    list('192.0.2.1', '2001:db8::/32', '::1', '::ffff:10.0.0.0/104', '0.0.0.0/0'),
  ])('accepts %j', (rule) => {
    expect(parseRule(rule)).toEqual({ ok: true, rule });
    expect(ruleSchema.parse(rule)).toEqual(rule);
  });

  it.each([
    [{ ...window, from: '9:00' }, ['from']],
    [{ ...window, to: '24:00' }, ['to']],
    [{ ...window, to: '12:60' }, ['to']],
    [{ ...window, to: '12:00\n' }, ['to']],
    [{ ...window, to: undefined }, ['to']],
    [{ ...window, days: [] }, ['days']],
    [{ ...window, days: ['mon', 'monday'] }, ['days', 1]],
    [{ ...window, days: ['mon', 'mon'] }, ['days']],
    [{ ...window, time_zone: '' }, ['time_zone']],
    [{ ...window, time_zone: '+02:00' }, ['time_zone']],
    [{ ...window, time_zone: 'Europe/Berlim' }, ['time_zone']],
    [{ ...window, timezone: 'UTC' }, []],
    [list(), ['cidrs']],
    [list('10.0.0.0/8', '10.0.0.0/33'), ['cidrs', 1]],
    [list('10.0.0.0/-1'), ['cidrs', 0]],
    [list('10.0.0.0/08'), ['cidrs', 0]],
    [list('10.0.0.0/'), ['cidrs', 0]],
    [list('10.0.0.0/8/8'), ['cidrs', 0]],
    [list('10.0.0.0/255.0.0.0'), ['cidrs', 0]],
    [list('10.0'), ['cidrs', 0]],
    [list('010.0.0.1'), ['cidrs', 0]],
    [list('0x7f.0.0.1'), ['cidrs', 0]],
    [list('::10.0.0.1'), ['cidrs', 0]],
    [list('::/129'), ['cidrs', 0]],
    [list('fe80::1%eth0'), ['cidrs', 0]],
    [list('::ffff:10.0.0.0/64'), ['cidrs', 0]],
    [list(7), ['cidrs', 0]],
    [{}, ['kind']],
    [null, ['kind']],
    ['time_window', ['kind']],
  ])('P2: refuses %j and says where', (rule, path) => {
    const parsed = parseRule(rule);
    expect(parsed).toMatchObject({ ok: false, error: 'policy_malformed' });
    expect(parsed.ok ? [] : parsed.issues.map((issue) => issue.path)).toContainEqual(path);
  });

  it('P2: names the known kinds when the kind is unknown', () => {
    expect(parseRule({ kind: 'rate' })).toEqual({
      ok: false,
      error: 'policy_unknown_rule',
      issues: [{ path: ['kind'], message: `must be one of ${ruleKinds.join(', ')}` }],
    });
  });
});
