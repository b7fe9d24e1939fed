/** What a record can be searched by. */
export interface SearchedFacts {
  readonly appId: string | null;
  readonly grantId: string | null;
  readonly providerId: string | null;
  readonly userId: string | null;
  readonly outcome: string | null;
  readonly kind: string;
  readonly caller: string | null;
}

/** The texts that stand for what a record is about: one letter for the kind of fact, and its value. */
export function listTerms(facts: SearchedFacts): string[] {
  const terms = [`k:${facts.kind}`, `f:${readFamily(facts.kind)}`];
  if (facts.appId !== null) terms.push(`a:${facts.appId}`);
  if (facts.grantId !== null) terms.push(`g:${facts.grantId}`);
  if (facts.providerId !== null) terms.push(`p:${facts.providerId}`);
  if (facts.userId !== null) terms.push(`u:${facts.userId}`);
  if (facts.outcome !== null) terms.push(`o:${facts.outcome}`);
  if (facts.caller !== null) terms.push(`c:${facts.caller}`);
  return terms;
}

/** `access` of `access.retrieve`. */
export function readFamily(kind: string): string {
  const dot = kind.indexOf('.');
  return dot === -1 ? kind : kind.slice(0, dot);
}

/**
 * A number of 52 bits that stands for a term in the index (two FNV-1a hashes side by side). Two terms with the same number cost a look
 * at records that are not meant, nothing more: what is found is compared with what was searched for.
 */
export function hashTerm(term: string): number {
  let low = 0x811c9dc5;
  let high = 0x050c5d1f;
  for (let index = 0; index < term.length; index += 1) {
    const unit = term.charCodeAt(index);
    low = Math.imul(low ^ unit, 0x01000193);
    high = Math.imul(high ^ unit, 0x01000193) ^ (high >>> 15);
  }
  return (high >>> 12) * 2 ** 32 + (low >>> 0);
}

/**
 * The caller in a record's text, or null. It stands before `chain_id`, where there are no inner objects yet, so that it is the
 * record's own.
 */
export function readCaller(record: string): string | null {
  const name = '"caller":"';
  const at = record.indexOf(name);
  if (at === -1 || at > record.indexOf('"chain_id":')) return null;
  const start = at + name.length;
  for (let end = record.indexOf('"', start); end !== -1; end = record.indexOf('"', end + 1)) {
    const text = record.slice(start, end);
    if (!text.includes('\\')) return text;
    const value = parseText(`"${text}"`);
    if (value !== null) return value;
  }
  return null;
}

/** A quotation mark behind a backslash does not end the text: then what stands before it is no text yet. */
function parseText(text: string): string | null {
  try {
    return String(JSON.parse(text));
  } catch {
    return null;
  }
}
