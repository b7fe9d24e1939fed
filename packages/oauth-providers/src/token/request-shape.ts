/** A request as plain data; whoever has the network sends it. */
export type ProviderRequest = {
  url: string;
  method: 'GET' | 'POST' | 'DELETE';
  headers: Record<string, string>;
  body?: string;
};

/** Some APIs refuse a request without it. */
export const userAgent = 'alter-vault';

/** Writes parameters in the form the provider reads. */
export function encodeBody(
  format: 'form' | 'json',
  fields: Readonly<Record<string, string>>,
): { type: string; body: string } {
  return format === 'json'
    ? { type: 'application/json', body: JSON.stringify(fields) }
    : { type: 'application/x-www-form-urlencoded', body: new URLSearchParams(fields).toString() };
}

/** Joins headers; a later one replaces an earlier one of the same name, however either is spelled. */
export function mergeHeaders(...parts: readonly Readonly<Record<string, string>>[]): Record<string, string> {
  const merged = new Map<string, [string, string]>();
  for (const part of parts)
    for (const [name, value] of Object.entries(part)) merged.set(name.toLowerCase(), [name, value]);
  return Object.fromEntries(merged.values());
}
