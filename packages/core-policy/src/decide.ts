import { type CompiledRule, compileRule, isSatisfied } from './compiled-rule.js';
import type { Decision, Denial, Facts, LayeredRule, PolicyLayer } from './decision.js';
import { describeDenial } from './describe-denial.js';
import { findRetryAt } from './retry-at.js';

const allowed: Decision = Object.freeze({ allow: true });
const layerOrder: PolicyLayer[] = ['app', 'provider', 'agent', 'grant', 'user'];

type Verdict = { rule: LayeredRule; compiled: CompiledRule; error: Denial['error'] | undefined };

/**
 * Decides one call: every rule of every layer must allow it (P3); a rule that is unknown, malformed or cannot be
 * evaluated denies (P2). The denial reported is that of the outermost layer, in the order app, provider, agent,
 * grant, user. Pure: the clock is a fact. Never throws.
 */
export function decide(rules: readonly LayeredRule[], facts: Facts): Decision {
  for (const rule of rules) {
    if (evaluateRule(rule, facts).error !== undefined) return explainDenial(rules, facts);
  }
  return allowed;
}

function evaluateRule(rule: LayeredRule, facts: Facts): Verdict {
  let compiled: CompiledRule = { kind: 'broken', error: 'policy_malformed' };
  try {
    compiled = compileRule(rule.rule);
    if (isSatisfied(compiled, facts)) return { rule, compiled, error: undefined };
    return { rule, compiled, error: compiled.kind === 'broken' ? compiled.error : compiled.kind };
  } catch {
    return { rule, compiled, error: 'policy_evaluation_failed' };
  }
}

function explainDenial(rules: readonly LayeredRule[], facts: Facts): Denial {
  const verdicts = rules
    .toSorted((a, b) => layerOrder.indexOf(a.layer) - layerOrder.indexOf(b.layer))
    .map((rule) => evaluateRule(rule, facts));
  const denials = verdicts.filter(({ error }) => error !== undefined);
  const [first] = denials;
  const retryAtMs = denials.every(({ error }) => error === 'time_window')
    ? findRetryAt(
        verdicts.map(({ compiled }) => compiled),
        facts.nowMs,
      )
    : undefined;
  return {
    allow: false,
    error: first?.error ?? 'policy_evaluation_failed',
    ruleId: first?.rule.id ?? '',
    ...(first?.rule.name !== undefined && { ruleName: first.rule.name }),
    ...describeDenial(first?.compiled, first?.error ?? 'policy_evaluation_failed', facts),
    ...(retryAtMs !== undefined && { retryAtMs }),
  };
}
