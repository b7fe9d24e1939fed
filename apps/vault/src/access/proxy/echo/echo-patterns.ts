import type { TokenResponse } from '@alter-ai/core-contract';
import { encodeStrict, listSecretTexts } from '@alter-ai/core-crypto';

/** Shorter texts are names and regions; looking for them would end every other answer. */
const charactersMin = 6;

/** The byte sequences that a credential would be recognized by in what a provider answers; never empty ones. */
export type EchoPatterns = readonly Buffer[];

/**
 * Lists how a credential may come back (B7): plain, as JSON escapes it, URL-encoded, in hex, and in base64 wherever it begins in
 * the encoded text.
 */
export function listEchoPatterns(credential: TokenResponse): EchoPatterns {
  const texts = listSecrets(credential).filter((text) => text.length >= charactersMin);
  const patterns = new Map<string, Buffer>();
  for (const text of texts) {
    for (const pattern of [...listSpellings(text), ...listEncodings(text)]) {
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
  const escaped = JSON.stringify(text).slice(1, -1);
  const encoded = [encodeURIComponent(text), encodeStrict(text)].flatMap((each) => [
    each,
    each.replaceAll('%20', '+'),
    each.replaceAll(/%[0-9A-F]{2}/g, (code) => code.toLowerCase()),
  ]);
  const spellings = [text, escaped, escaped.replaceAll('/', '\\/'), ...encoded];
  // Headers carry the bytes of Latin-1.
  return [...spellings.map((each) => Buffer.from(each, 'utf8')), Buffer.from(text, 'latin1')];
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
