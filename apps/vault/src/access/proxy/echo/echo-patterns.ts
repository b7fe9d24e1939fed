import type { TokenResponse } from '@alter-ai/core-contract';
import { encodeStrict, listSecretTexts, type SecretValue } from '@alter-ai/core-crypto';

/** Shorter texts are names and regions; looking for them would end every other answer. */
const charactersMin = 6;

/** The byte sequences that a credential would be recognized by in what a provider answers; never empty ones. */
export type EchoPatterns = readonly Buffer[];

/**
 * Lists how a credential may come back (B7): plain, as JSON escapes it, URL-encoded, in hex, and in base64 wherever it begins in
 * the encoded text.
 * @param parts secrets that the credential may hold as a part of a longer text
 */
export function listEchoPatterns(
  credential: TokenResponse,
  parts: readonly SecretValue[] = [],
): EchoPatterns {
  const all = new Set([...listSecrets(credential), ...parts.map((part) => part.reveal())]);
  const texts = [...all].filter((text) => text.length >= charactersMin);
  const patterns = new Map<string, Buffer>();
  for (const text of texts) {
    // As it stands in an address, too: of a request some services encode the whole line.
    const encoded = [text, encodeStrict(text)].flatMap(listEncodings);
    for (const pattern of [...listSpellings(text), ...encoded]) {
      patterns.set(pattern.toString('latin1'), pattern);
    }
  }
  return [...patterns.values()];
}

function listSecrets(credential: TokenResponse): string[] {
  const texts = listSecretTexts(credential).map((text) => text.reveal());
  // The id of an AWS key is no secret, and AWS names it in its answers.
  if (credential.injection_format.startsWith('AWS4-')) return texts.slice(1);
  if (!credential.injection_format.startsWith('Basic ')) return texts;
  const pair = Buffer.from(credential.access_token, 'base64').toString('utf8');
  return [...texts, pair, pair.slice(pair.indexOf(':') + 1)];
}

function listSpellings(text: string): Buffer[] {
  // No encoder writes these in another way.
  if (/^[\w.~-]*$/.test(text)) return [Buffer.from(text, 'utf8')];
  const escaped = JSON.stringify(text).slice(1, -1);
  const strict = encodeStrict(text);
  const encoded = [
    encodeURIComponent(text),
    ...plainInUrls.map((plain) => decodeOnly(strict, plain)),
  ].flatMap((each) => [
    each,
    each.replaceAll('%20', '+'),
    each.replaceAll(/%[0-9A-F]{2}/g, (code) => code.toLowerCase()),
  ]);
  const spellings = [text, escaped, escaped.replaceAll('/', '\\/'), ...encoded, ...listCodes(text)];
  // Headers carry the bytes of Latin-1.
  return [...spellings.map((each) => Buffer.from(each, 'utf8')), Buffer.from(text, 'latin1')];
}

/** Sets of reserved characters that one or another URL encoder leaves as they are (RFC 3986 lets a path and a query have them). */
const plainInUrls = ['', '/', '$&+=:@', "!$&'()*+,;=:@", "!$&'()*+,;=:@/?", "!$&'()*+,;=:@/?#"];

function decodeOnly(encoded: string, plain: string): string {
  return encoded.replaceAll(/%[0-9A-F]{2}/g, (code) => {
    const character = String.fromCharCode(Number.parseInt(code.slice(1), 16));
    return plain.includes(character) ? character : code;
  });
}

/** As serializers write a text that may stand in HTML: in JSON and in HTML, whether or not they leave `/`, `=` and `+` alone. */
function listCodes(text: string): string[] {
  const write = (pattern: RegExp, toCode: (code: string) => string) =>
    text.replaceAll(pattern, (character) => toCode(character.charCodeAt(0).toString(16)));
  const names: Readonly<Record<string, string>> = {
    '26': '&amp;',
    '3c': '&lt;',
    '3e': '&gt;',
    '22': '&quot;',
  };
  const named = (code: string) => names[code] ?? `&#x${code};`;
  return [/[&<>'"+]/g, /[&<>'"+=/`]/g, /[&<>'"]/g, /[&<>'"=]/g].flatMap((pattern) => [
    write(pattern, (code) => `\\u00${code}`),
    write(pattern, (code) => `\\u00${code.toUpperCase()}`),
    write(pattern, named),
    write(pattern, (code) => names[code] ?? `&#x${code.toUpperCase()};`),
    write(pattern, (code) => names[code] ?? `&#${Number.parseInt(code, 16)};`),
  ]);
}

function listEncodings(text: string): Buffer[] {
  const bytes = Buffer.from(text, 'utf8');
  const hex = bytes.toString('hex');
  return [hex, hex.toUpperCase(), ...[0, 1, 2].flatMap((shift) => encodeShifted(bytes, shift))].map((each) =>
    Buffer.from(each, 'latin1'),
  );
}

/** The characters that depend on these bytes alone when `shift` others stand before them. */
function encodeShifted(bytes: Buffer, shift: number): string[] {
  const encoded = Buffer.concat([Buffer.alloc(shift), bytes]).toString('base64');
  const first = Math.ceil((shift * 8) / 6);
  const last = Math.floor(((shift + bytes.length) * 8) / 6);
  const own = encoded.slice(first, last);
  return [own, own.replaceAll('+', '-').replaceAll('/', '_')];
}
