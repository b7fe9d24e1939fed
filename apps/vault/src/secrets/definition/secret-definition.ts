import { type SecretKind, secretKinds } from '@alter-ai/core-contract';
import { z } from 'zod';

/** One place of the value in a request; `{token}` is the value, `{name}` a further one. */
export interface SecretPlacement {
  readonly target: 'header' | 'query_param';
  readonly key: string;
  readonly format: string;
}

/** What a managed secret is, apart from its values: what `provider_configs.overrides_json` holds of one. Nothing secret. */
export interface SecretDefinition {
  readonly name: string;
  readonly kind: SecretKind;
  /** Slug of the template that it was made from. */
  readonly template: string | null;
  /** Empty for `aws_sigv4`. */
  readonly placements: readonly SecretPlacement[];
  readonly required_headers: Readonly<Record<string, string>>;
  /** Hosts that the value may be sent to (E1); never empty. */
  readonly hosts: readonly string[];
  /** CIDRs and hosts inside the operator's network, beside the app's. */
  readonly allowed_networks: readonly string[];
  /** For `aws_sigv4`, where the host does not say it. */
  readonly region: string | null;
  readonly service: string | null;
  /** The value does not leave the vault (B7). */
  readonly proxy_only?: true | undefined;
}

/** Reads it back; unknown fields are an error, so that nothing of a newer version is dropped silently. */
export const secretDefinitionSchema: z.ZodType<SecretDefinition> = z.strictObject({
  name: z.string(),
  kind: z.enum(secretKinds),
  template: z.string().nullable(),
  placements: z.array(
    z.strictObject({ target: z.enum(['header', 'query_param']), key: z.string(), format: z.string() }),
  ),
  required_headers: z.record(z.string(), z.string()),
  hosts: z.array(z.string()),
  allowed_networks: z.array(z.string()),
  region: z.string().nullable(),
  service: z.string().nullable(),
  proxy_only: z.literal(true).optional(),
});

const placeholder = /\{([a-z][a-z0-9_]*)\}/g;

/** Names in a format, `token` among them. */
export function listPlaceholders(format: string): string[] {
  return [...format.matchAll(placeholder)].map((match) => match[1] ?? '');
}

/** A format with its values in place. */
export function fillFormat(format: string, find: (name: string) => string): string {
  return format.replace(placeholder, (_, name: string) => find(name));
}
