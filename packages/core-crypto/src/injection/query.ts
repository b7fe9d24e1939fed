/**
 * The URL with these parameters in its query; a name that the URL has is replaced, the rest keeps its exact spelling.
 * @throws URIError text that is no well-formed Unicode
 */
export function replaceQuery(url: URL, pairs: readonly (readonly [name: string, value: string])[]): URL {
  return dropQuery(
    url,
    pairs.map(([name]) => name),
    pairs.map(([name, value]) => `${encodeStrict(name)}=${encodeStrict(value)}`),
  );
}

/** The URL without these parameters, and with `added` (encoded pieces) at its end. */
export function dropQuery(url: URL, names: readonly string[], added: readonly string[] = []): URL {
  const dropped = new Set(names);
  const kept = splitQuery(url.search).filter((piece) => !dropped.has(readPair(piece)[0]));
  const changed = new URL(url);
  changed.search = [...kept, ...added].join('&');
  return changed;
}

/** Name and value of every parameter, in order, decoded; a piece without `=` has an empty value. */
export function readQueryPairs(search: string): (readonly [name: string, value: string])[] {
  return splitQuery(search).map(readPair);
}

/** Percent-encodes everything but the unreserved characters of RFC 3986. @throws URIError */
export function encodeStrict(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

function splitQuery(search: string): string[] {
  return search
    .replace(/^\?/, '')
    .split('&')
    .filter((piece) => piece !== '');
}

function readPair(piece: string): readonly [string, string] {
  const equals = piece.indexOf('=');
  if (equals === -1) return [decodeForm(piece), ''];
  return [decodeForm(piece.slice(0, equals)), decodeForm(piece.slice(equals + 1))];
}

function decodeForm(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return text;
  }
}
