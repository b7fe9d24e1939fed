export { decide } from './decide.js';
export type {
  Decision,
  Denial,
  Facts,
  LayeredRule,
  Observed,
  PolicyErrorCode,
  PolicyLayer,
} from './decision.js';
export {
  dayNames,
  ipAllowlistRuleSchema,
  type ParsedRule,
  parseRule,
  type Rule,
  type RuleIssue,
  ruleKinds,
  ruleSchema,
  timeWindowRuleSchema,
} from './rule-schema.js';
