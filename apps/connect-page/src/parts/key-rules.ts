import type { KeyEntry } from '@alter-ai/core-contract';

/** What the user has to fix before the key can be sent, by field; the vault checks the same again. */
export function findKeyErrors(
  fields: KeyEntry['fields'],
  values: Readonly<Record<string, string>>,
): Record<string, string> {
  const errors: Record<string, string> = {};
  for (const { name, label, is_required: isRequired } of fields) {
    const value = values[name] ?? '';
    if (value === '' && isRequired)
      errors[name] = `Enter the ${label.charAt(0).toLowerCase()}${label.slice(1)}.`;
    else if (/\s/.test(value) && name !== 'password' && name !== 'username') {
      errors[name] = 'A key has no spaces or line breaks. Copy it once more.';
    }
  }
  return errors;
}
