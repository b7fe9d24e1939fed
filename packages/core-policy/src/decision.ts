import type { ErrorCode } from '@alter-ai/core-contract';

/** Where a rule was set; all layers must allow (P3). */
export type PolicyLayer = 'app' | 'provider' | 'agent' | 'grant' | 'user';

/** A rule with its origin. `rule` is the stored JSON value; the same object is parsed once, so treat it as immutable. */
export type LayeredRule = { id: string; name?: string | undefined; layer: PolicyLayer; rule: unknown };

/** What a decision rests on: the current instant (Unix milliseconds) and the address that the call came from. */
export type Facts = { nowMs: number; sourceAddress: string | undefined };

/** What the rule looked at, with the names of the answer's body. */
export type Observed = { address?: string; local_time?: string; time_zone?: string };

/** The rule's kind (the clients' `policy_error`), or why no rule could be evaluated (P2). */
export type PolicyErrorCode = Extract<
  ErrorCode,
  'time_window' | 'ip_allowlist' | 'policy_unknown_rule' | 'policy_malformed' | 'policy_evaluation_failed'
>;

/** A denial and all that its 403 answer needs (P6). `retryAtMs`: the first instant at which every rule would allow the call. */
export type Denial = {
  allow: false;
  error: PolicyErrorCode;
  ruleId: string;
  ruleName?: string;
  message: string;
  observed: Observed;
  retryAtMs?: number;
};

/** Allow, or deny with a reason. */
export type Decision = { allow: true } | Denial;
