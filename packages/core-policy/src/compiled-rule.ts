import type { Facts } from './decision.js';
import type { Address, Network } from './ip-allowlist/network.js';
import { isInNetwork, parseNetwork } from './ip-allowlist/network.js';
import { readSourceAddress } from './ip-allowlist/source-address.js';
import { parseRule, type Rule } from './rule-schema.js';
import { compileTimeWindow, isInsideWindow, type TimeWindow } from './time-window/time-window.js';

/** A rule made ready, or the reason why it can only deny. */
export type CompiledRule =
  | { kind: 'time_window'; window: TimeWindow }
  | { kind: 'ip_allowlist'; networks: Network[] }
  | { kind: 'broken'; error: 'policy_unknown_rule' | 'policy_malformed' };

const compiled = new WeakMap<object, CompiledRule>();

/** Parses and prepares a stored rule; once for each object. */
export function compileRule(value: unknown): CompiledRule {
  if (typeof value !== 'object' || value === null) return { kind: 'broken', error: 'policy_malformed' };
  let rule = compiled.get(value);
  if (rule === undefined) {
    const parsed = parseRule(value);
    rule = parsed.ok ? prepareRule(parsed.rule) : { kind: 'broken', error: parsed.error };
    compiled.set(value, rule);
  }
  return rule;
}

/** Whether a rule lets a call pass. Throws when a fact that it needs is missing or senseless. */
export function isSatisfied(rule: CompiledRule, facts: Facts): boolean {
  switch (rule.kind) {
    case 'time_window':
      return isInsideWindow(rule.window, readNow(facts));
    case 'ip_allowlist': {
      const address = readAddress(facts);
      return rule.networks.some((network) => isInNetwork(address, network));
    }
    case 'broken':
      return false;
  }
}

function prepareRule(rule: Rule): CompiledRule {
  if (rule.kind === 'time_window') return { kind: rule.kind, window: compileTimeWindow(rule) };
  const networks = rule.cidrs.map(parseNetwork).filter((network) => network !== undefined);
  return { kind: rule.kind, networks };
}

function readNow(facts: Facts): number {
  // The range of Date less a year, which the search for the next window may need.
  if (!(Math.abs(facts.nowMs) < 8.6e15)) throw new RangeError('the clock gives no usable time');
  return facts.nowMs;
}

function readAddress(facts: Facts): Address {
  const address = facts.sourceAddress === undefined ? undefined : readSourceAddress(facts.sourceAddress);
  if (address === undefined) throw new RangeError('the source address is unknown');
  return address;
}
