import type { KeyEntry } from '@alter-ai/core-contract';

/** What is stored of what was typed: copied keys come with spaces around them; those of a name or password may be meant. */
export function tidyKeys(values: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [name, isFreeText(name) ? value : value.trim()]),
  );
}

/** What the user has to fix before the key can be sent, by field; the vault checks the same again. */
export function findKeyErrors(
  fields: KeyEntry['fields'],
  values: Readonly<Record<string, string>>,
): Record<string, string> {
  const errors: Record<string, string> = {};
  for (const { name, label, is_required: isRequired } of fields) {
    const value = values[name] ?? '';
    if (value === '' && isRequired) errors[name] = `Enter the ${startSmall(label)}.`;
    else if (/\s/.test(value) && !isFreeText(name)) {
      errors[name] = 'A key has no spaces or line breaks. Copy it once more.';
    }
  }
  return errors;
}

const isFreeText = (name: string) => name === 'password' || name === 'username';

/** “Password” within a sentence is “password”; “API key” stays. */
const startSmall = (label: string) => label.replace(/^\p{Lu}(?=\p{Ll})/u, (first) => first.toLowerCase());
