import { decodeForm, decodePercent, encodeForm } from './form-encoding.js';

type Pair = { name: string; value: string };

/**
 * Canonical form of a raw request target (`/path?query`) for signing, wire/1 section 3: the path percent-decoded once
 * (bad UTF-8 becomes U+FFFD, `+` stays), and the query's pairs sorted by decoded name and value in code-point order and
 * encoded anew as form data. An empty query leaves no `?`; one of only `&` leaves a bare `?`.
 */
export function canonicalPath(target: string): string {
  const mark = target.indexOf('?');
  if (mark === -1) return decodePercent(target);
  const path = decodePercent(target.slice(0, mark));
  if (mark === target.length - 1) return path;
  return `${path}?${canonicalizeQuery(target.slice(mark + 1))}`;
}

function canonicalizeQuery(query: string): string {
  const pairs: Pair[] = [];
  for (const piece of query.split('&')) {
    if (piece === '') continue;
    const equals = piece.indexOf('=');
    if (equals === -1) pairs.push({ name: decodeForm(piece), value: '' });
    else pairs.push({ name: decodeForm(piece.slice(0, equals)), value: decodeForm(piece.slice(equals + 1)) });
  }
  pairs.sort((a, b) => compareCodePoints(a.name, b.name) || compareCodePoints(a.value, b.value));
  return pairs.map(({ name, value }) => `${encodeForm(name)}=${encodeForm(value)}`).join('&');
}

// Strings compare by UTF-16 unit, which puts U+10000 and above before U+E000 to U+FFFF; the wire wants code points.
function compareCodePoints(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let index = 0; index < length; index += 1) {
    const left = a.charCodeAt(index);
    const right = b.charCodeAt(index);
    if (left !== right) return rankUnit(left) - rankUnit(right);
  }
  return a.length - b.length;
}

function rankUnit(unit: number): number {
  if (unit < 0xd800) return unit;
  return unit < 0xe000 ? unit + 0x2000 : unit - 0x800;
}
