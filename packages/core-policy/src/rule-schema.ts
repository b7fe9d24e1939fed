import { z } from 'zod';
import { parseNetwork } from './ip-allowlist/network.js';
import { isTimeZone } from './time-window/zone-clock.js';

/** Days of the week in the order of the calendar, Monday first. */
export const dayNames = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;

const timeOfDaySchema = z
  .string()
  .regex(/^(?:[01]\d|2[0-3]):[0-5]\d$/, 'must be a time from 00:00 to 23:59, written HH:MM');

/**
 * Allows calls while the wall clock of `time_zone` (IANA name) stands from `from` up to, not including, `to`.
 * `days` (absent: all) are the days on which a window starts, so one over midnight belongs to the day before.
 * Equal times mean the whole calendar day.
 */
export const timeWindowRuleSchema = z.strictObject({
  kind: z.literal('time_window'),
  days: z
    .array(z.enum(dayNames))
    .min(1, 'must name at least one day; leave it out for all')
    .refine((days) => new Set(days).size === days.length, 'must not name a day twice')
    .optional(),
  from: timeOfDaySchema,
  to: timeOfDaySchema,
  time_zone: z.string().max(64).refine(isTimeZone, 'must be an IANA time zone such as Europe/Berlin'),
});

/** Allows calls from these addresses and CIDR ranges, v4 or v6; mapped v4 counts as v4. */
export const ipAllowlistRuleSchema = z.strictObject({
  kind: z.literal('ip_allowlist'),
  cidrs: z
    .array(
      z
        .string()
        .max(64)
        .refine((text) => parseNetwork(text) !== undefined, 'must be an IP address or a CIDR range'),
    )
    .min(1, 'must name at least one address or range')
    .max(1000),
});

/** A rule of any kind, as stored and as written in the configuration file. */
export const ruleSchema = z.discriminatedUnion('kind', [timeWindowRuleSchema, ipAllowlistRuleSchema]);

/** A parsed rule. */
export type Rule = z.infer<typeof ruleSchema>;

/** A parsed `time_window` rule. */
export type TimeWindowRule = z.infer<typeof timeWindowRuleSchema>;

/** Kinds of rules that this build can evaluate. */
export const ruleKinds = ['time_window', 'ip_allowlist'] as const satisfies Rule['kind'][];

/** One thing that is wrong with a rule: where (`['cidrs', 1]`) and what. */
export type RuleIssue = { path: (string | number)[]; message: string };

/** Result of `parseRule`; `error` says whether the kind is unknown or the rule of a known kind is malformed. */
export type ParsedRule =
  | { ok: true; rule: Rule }
  | { ok: false; error: 'policy_unknown_rule' | 'policy_malformed'; issues: RuleIssue[] };

/** Checks a rule as it is stored or written; never throws. */
export function parseRule(value: unknown): ParsedRule {
  if (typeof value !== 'object' || value === null || !('kind' in value) || typeof value.kind !== 'string') {
    return {
      ok: false,
      error: 'policy_malformed',
      issues: [{ path: ['kind'], message: 'must name a kind' }],
    };
  }
  if (!(ruleKinds as readonly string[]).includes(value.kind)) {
    const message = `must be one of ${ruleKinds.join(', ')}`;
    return { ok: false, error: 'policy_unknown_rule', issues: [{ path: ['kind'], message }] };
  }
  const parsed = ruleSchema.safeParse(value);
  if (parsed.success) return { ok: true, rule: parsed.data };
  return { ok: false, error: 'policy_malformed', issues: parsed.error.issues.map(toRuleIssue) };
}

function toRuleIssue(issue: z.core.$ZodIssue): RuleIssue {
  const path = issue.path.map((part) => (typeof part === 'number' ? part : String(part)));
  return { path, message: issue.message };
}
