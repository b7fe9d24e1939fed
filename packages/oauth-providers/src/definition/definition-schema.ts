import { z } from 'zod';
import { findDefinitionFaults } from './definition-checks.js';
import {
  accountSchema,
  optionalFields,
  requiredFields,
  tokenFieldsSchema,
  tokenPlacementSchema,
} from './definition-fields.js';

/** Wire grammar of provider ids. */
export const providerIdSchema = z
  .string()
  .regex(/^[a-z0-9-]{1,50}$/, 'must be lower-case letters, digits and dashes');

/**
 * Everything the generic engine needs to know about one provider. Field names are those of RFC 8414 (endpoints) and
 * RFC 7591 (client authentication) wherever these have one.
 */
export const providerDefinitionSchema = z
  .strictObject({
    id: providerIdSchema,
    ...requiredFields,
    ...z.object(optionalFields).partial().shape,
  })
  .superRefine((definition, context) => {
    for (const fault of findDefinitionFaults(definition)) {
      context.addIssue({ code: 'custom', path: [...fault.path], message: fault.message });
    }
  });
export type ProviderDefinition = z.output<typeof providerDefinitionSchema>;

const nullable = <Shape extends Record<string, z.ZodType>>(shape: Shape) =>
  Object.fromEntries(Object.entries(shape).map(([key, schema]) => [key, schema.nullable().optional()])) as {
    [Key in keyof Shape]: z.ZodOptional<z.ZodNullable<Shape[Key]>>;
  };

/**
 * What a configuration file may state for a provider, besides client and scopes: any field of the definition. `name` is
 * another spelling of `display_name`; null takes an optional fact away; `account`, `token_fields` and `token_placement`
 * are completed from the entry they change.
 */
export const providerOverridesSchema = z.strictObject({
  ...z.object(requiredFields).partial().shape,
  ...nullable(optionalFields),
  name: requiredFields.display_name.optional(),
  account: accountSchema.partial().optional(),
  token_fields: tokenFieldsSchema.partial().optional(),
  token_placement: tokenPlacementSchema.partial().optional(),
});
export type ProviderOverrides = z.input<typeof providerOverridesSchema>;
