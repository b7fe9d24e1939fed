const escapes = /(?:%[0-9A-Fa-f]{2})+/g;
const literal = /^[A-Za-z0-9_.~-]*$/;

/** Percent-decodes once: runs of valid escapes as UTF-8 (bad sequences become U+FFFD), anything else stays. */
export function decodePercent(text: string): string {
  if (!text.includes('%')) return text;
  return text.replace(escapes, (run) => Buffer.from(run.replaceAll('%', ''), 'hex').toString('utf8'));
}

/** Decodes a name or value of `application/x-www-form-urlencoded`. */
export function decodeForm(text: string): string {
  return decodePercent(text.includes('+') ? text.replaceAll('+', ' ') : text);
}

/** Encodes a name or value as form data: `A-Za-z0-9_.-~` literal, space as `+`, the rest as upper-case `%XX` of UTF-8. */
export function encodeForm(text: string): string {
  if (literal.test(text)) return text;
  let encoded = '';
  for (const byte of Buffer.from(text, 'utf8')) {
    const character = String.fromCharCode(byte);
    if (byte === 0x20) encoded += '+';
    else if (literal.test(character)) encoded += character;
    else encoded += `%${byte < 16 ? '0' : ''}${byte.toString(16).toUpperCase()}`;
  }
  return encoded;
}
