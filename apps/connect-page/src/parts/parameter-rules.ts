import type { ConnectParameter } from '@alter-ai/core-contract';

/** The values the fields start with. */
export function fillDefaults(parameters: readonly ConnectParameter[]): Record<string, string> {
  return Object.fromEntries(
    parameters.map(({ name, options, default: value }) => [name, value ?? options?.[0] ?? '']),
  );
}

function hasPattern(value: string, pattern: string): boolean {
  try {
    return new RegExp(`^(?:${pattern})$`, 'u').test(value);
  } catch {
    // A pattern this browser cannot read; the vault checks again.
    return true;
  }
}

/** One sentence for each value that the provider's addresses cannot hold, by parameter name (C7). */
export function findParameterErrors(
  parameters: readonly ConnectParameter[],
  values: Readonly<Record<string, string>>,
): Record<string, string> {
  const errors: Record<string, string> = {};
  for (const { name, label, pattern, example, options } of parameters) {
    const value = values[name] ?? '';
    if (!value) errors[name] = `Enter your ${label.toLowerCase()}.`;
    else if (options ? !options.includes(value) : !hasPattern(value, pattern)) {
      errors[name] = example
        ? `That does not fit. It looks like “${example}”.`
        : 'That does not fit. Check the spelling.';
    }
  }
  return errors;
}
