import type { KeyEntry } from '@alter-ai/core-contract';

/** One secret is a key; with a user name or an id beside it nobody would call it that. */
export function nameKey({ fields }: Pick<KeyEntry, 'fields'>): 'key' | 'credentials' {
  return fields.every((field) => field.is_secret) ? 'key' : 'credentials';
}
