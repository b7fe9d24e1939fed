import { type Denial, decide, type LayeredRule } from '@alter-ai/core-policy';
import { ApiError } from '../../http/api-error.js';
import type { AppSettings, PolicySettings } from '../../settings/settings-reader.js';

/** The rules of one settings version, sorted by what they are about. */
interface PolicyIndex {
  readonly byProvider: Map<string, readonly LayeredRule[]>;
  readonly forGrants: ReadonlyMap<string, readonly LayeredRule[]>;
}

const indexes = new WeakMap<AppSettings, PolicyIndex>();

/**
 * Evaluates every rule that concerns a grant (P1, P3).
 * @returns the denial, or undefined when the call may go on.
 */
export function decideAccess(
  settings: AppSettings,
  grant: { grantId: string; providerId: string },
  facts: { nowMs: number; sourceAddress: string },
): Denial | undefined {
  if (settings.policies.length === 0) return undefined;
  const decision = decide(selectRules(settings, grant), facts);
  return decision.allow ? undefined : decision;
}

/** Ids of the grants that rules are set on. */
export function listRuledGrants(settings: AppSettings): string[] {
  return [...readIndex(settings).forGrants.keys()];
}

/** The answer to a denied call (P6): the rule's kind as code, and what was observed. */
export function toPolicyError(denial: Denial, grant: { grantId: string; providerId: string }): ApiError {
  return new ApiError(denial.error, {
    message: denial.message,
    fields: {
      rule_id: denial.ruleId,
      ...(denial.ruleName === undefined ? {} : { rule_name: denial.ruleName }),
      observed: denial.observed,
      grant_id: grant.grantId,
      provider_id: grant.providerId,
      ...(denial.retryAtMs === undefined ? {} : { retry_at: new Date(denial.retryAtMs).toISOString() }),
    },
  });
}

function selectRules(
  settings: AppSettings,
  grant: { grantId: string; providerId: string },
): readonly LayeredRule[] {
  const index = readIndex(settings);
  let rules = index.byProvider.get(grant.providerId);
  if (!rules) {
    rules = settings.policies
      .filter(
        ({ targetKind, targetId }) =>
          targetKind === 'app' || (targetKind === 'provider' && targetId === grant.providerId),
      )
      .map(toLayeredRule);
    index.byProvider.set(grant.providerId, rules);
  }
  const own = index.forGrants.get(grant.grantId);
  return own === undefined ? rules : [...rules, ...own];
}

function readIndex(settings: AppSettings): PolicyIndex {
  let index = indexes.get(settings);
  if (!index) {
    index = { byProvider: new Map(), forGrants: groupGrantRules(settings.policies) };
    indexes.set(settings, index);
  }
  return index;
}

function groupGrantRules(policies: readonly PolicySettings[]): Map<string, LayeredRule[]> {
  const groups = new Map<string, LayeredRule[]>();
  for (const policy of policies) {
    if (policy.targetKind !== 'grant' || policy.targetId === null) continue;
    groups.set(policy.targetId, [...(groups.get(policy.targetId) ?? []), toLayeredRule(policy)]);
  }
  return groups;
}

function toLayeredRule(policy: PolicySettings): LayeredRule {
  return { id: policy.id, name: policy.name, layer: policy.targetKind, rule: policy.rule };
}
