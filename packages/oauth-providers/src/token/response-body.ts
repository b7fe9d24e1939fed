/** A response as plain data. */
export type ProviderResponse = {
  status: number;
  headers: Headers | Readonly<Record<string, string | undefined>>;
  bodyText: string;
};

export type ResponseDocument =
  | { kind: 'object'; document: Record<string, unknown> }
  | { kind: 'array'; document: unknown[] }
  | { kind: 'empty' }
  | { kind: 'html' }
  | { kind: 'unreadable' };

/** Reads a body by what it is rather than by what its type says: JSON, form-encoded, a page, or nothing usable. */
export function readDocument(response: ProviderResponse): ResponseDocument {
  const text = response.bodyText.replace(/^\uFEFF/, '').trim();
  const type = readHeader(response.headers, 'content-type')?.toLowerCase() ?? '';
  if (text === '') return { kind: 'empty' };
  if (text.startsWith('<') || type.startsWith('text/html')) return { kind: 'html' };
  if (text.startsWith('{') || text.startsWith('[')) return readJson(text);
  const isForm = type.includes('x-www-form-urlencoded') || /^[A-Za-z0-9_.[\]%-]+=[^\s<>{}"]*$/.test(text);
  if (!isForm) return { kind: 'unreadable' };
  const document: Record<string, unknown> = Object.create(null);
  for (const [name, value] of new URLSearchParams(text)) document[name] = value;
  return { kind: 'object', document };
}

/** A header of either shape, whatever its spelling. */
export function readHeader(headers: ProviderResponse['headers'], name: string): string | undefined {
  if (headers instanceof Headers) return headers.get(name) ?? undefined;
  const key = Object.keys(headers).find((candidate) => candidate.toLowerCase() === name);
  return key === undefined ? undefined : headers[key];
}

function readJson(text: string): ResponseDocument {
  try {
    const document: unknown = JSON.parse(text, keepLongNumbers as Parameters<typeof JSON.parse>[1]);
    if (Array.isArray(document)) return { kind: 'array', document };
    return { kind: 'object', document: document as Record<string, unknown> };
  } catch {
    return { kind: 'unreadable' };
  }
}

// An id beyond 2^53 would become another account's number.
function keepLongNumbers(_key: string, value: unknown, context?: { source?: string }): unknown {
  if (typeof value !== 'number' || Number.isSafeInteger(value)) return value;
  return context?.source !== undefined && /^-?\d+$/.test(context.source) ? context.source : value;
}
