const chunkBytesMax = 65_536;

/**
 * Random token of `bytes` random bytes (32 unless told), as unpadded base64url.
 * Runs in browsers and in Node: it uses only the Web Crypto generator and `btoa`.
 * Throws RangeError when `bytes` is not an integer from 1 to 65,536 (the limit of `getRandomValues`).
 */
export function randomToken(bytes = 32): string {
  if (!Number.isInteger(bytes) || bytes < 1 || bytes > chunkBytesMax) {
    throw new RangeError('bytes must be an integer from 1 to 65536');
  }
  let binary = '';
  for (const byte of globalThis.crypto.getRandomValues(new Uint8Array(bytes))) {
    binary += String.fromCharCode(byte);
  }
  return btoa(binary).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}
